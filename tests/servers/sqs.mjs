// SQS from fauxqs on loopback, at the port given: its own start would listen on every address.
import { buildApp } from "fauxqs";

await buildApp({ logger: false }).listen({ port: Number(process.argv[2]), host: "127.0.0.1" });

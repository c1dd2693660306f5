// Each part becomes a text node: nothing in it is ever parsed.
export default function ({ parentElement, data }) {
  const drawn = (data?.parts ?? []).map(([text, says]) => {
    const node = document.createTextNode(text);
    if (!says) return node;
    const mark = document.createElement("mark");
    mark.title = says;
    mark.append(node);
    return mark;
  });
  parentElement.querySelector("p").replaceChildren(...drawn);
}

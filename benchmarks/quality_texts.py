"""Words for the conversations of `quality`: two halves that share no sentence, each in several languages.

TUNED may be looked at while checks are being written; KEPT is there to be measured by. {x} is what it is about.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """Sentences of one language. things: what {x} may be."""

    things: tuple[str, ...]
    asks: tuple[str, ...]
    answers: tuple[str, ...]


TUNED: dict[str, Words] = {
    "English": Words(
        (
            "the photo app",
            "my invoice",
            "the heating control",
            "the language course",
            "my parcel",
            "the bank card",
            "the garden hose",
            "the tax form",
            "the running plan",
            "my router",
        ),
        (
            "I have a question about {x}.",
            "Something is odd with {x} since Tuesday.",
            "Could you explain how {x} works?",
            "I tried twice and {x} still won't do it.",
            "Before I decide, what should I know about {x}?",
            "My sister told me that {x} can do more than I thought.",
            "It used to work until the last update.",
            "I would rather not start all over again.",
            "Is there a way to do it without paying extra?",
            "How long does it usually take?",
            "Great, that did it.",
            "And if it happens again at the weekend?",
        ),
        (
            "Let me make sure that I understand: this is about {x}, and it stopped after the update?",
            "Open the settings first and look for the line that says Backup.",
            "If the light stays green for a minute, everything is fine.",
            "You can do that without losing what you have already entered.",
            "Most people need about ten minutes, and nothing is deleted on the way.",
            "There is one thing I can't promise: the date depends on the carrier.",
            "Write down the three values that you see there, then close the window.",
            "The cheaper plan includes it as well, so there is no need to change.",
            "Should it come back, restart the device before you try anything else.",
            "What happens when you press the round button for five seconds?",
            "It helps to do the hard part in the morning, when you are still fresh.",
            "Keep the receipt, because the guarantee counts from the day of purchase.",
            "I would begin with the smallest step and see how it feels after a week.",
            "In version 2.4 the menu has moved to the upper right corner.",
        ),
    ),
    "German": Words(
        (
            "die Foto-App",
            "meine Rechnung",
            "der Sprachkurs",
            "mein Paket",
            "die Heizung",
            "der Trainingsplan",
        ),
        (
            "Ich habe eine Frage: es geht um {x}.",
            "Seit Dienstag stimmt etwas nicht, es betrifft {x}.",
            "Können Sie mir erklären, wie das funktioniert?",
            "Ich habe es zweimal versucht und es klappt nicht.",
            "Muss ich dafür etwas zusätzlich bezahlen?",
            "Wie lange dauert das normalerweise?",
            "Vor dem letzten Update lief alles noch gut.",
            "Danke, jetzt hat es geklappt.",
        ),
        (
            "Öffnen Sie zuerst die Einstellungen und suchen Sie die Zeile mit der Sicherung.",
            "Dabei geht nichts verloren, was Sie schon eingegeben haben.",
            "Die meisten brauchen dafür etwa zehn Minuten.",
            "Wenn das Licht grün bleibt, ist alles in Ordnung.",
            "Eines kann ich nicht versprechen: der Tag hängt vom Zusteller ab.",
            "Was geschieht, wenn Sie den runden Knopf fünf Sekunden lang drücken?",
            "Bewahren Sie den Beleg auf, denn die Garantie zählt vom Tag des Kaufs an.",
            "Ich würde mit dem kleinsten Schritt beginnen und nach einer Woche weitersehen.",
            "Der günstigere Tarif enthält das auch, ein Wechsel ist also nicht nötig.",
            "Sollte es wieder auftreten, starten Sie das Gerät zuerst neu.",
        ),
    ),
    "French": Words(
        ("l'application photo", "ma facture", "le cours de langue", "mon colis", "le chauffage"),
        (
            "J'ai une question au sujet de {x}.",
            "Depuis mardi, quelque chose ne va pas avec {x}.",
            "Pouvez-vous m'expliquer comment cela fonctionne ?",
            "J'ai essayé deux fois et rien ne se passe.",
            "Est-ce que cela coûte quelque chose de plus ?",
            "Combien de temps faut-il d'habitude ?",
            "Avant la dernière mise à jour tout allait bien.",
            "Merci, cette fois cela marche.",
        ),
        (
            "Ouvrez d'abord les réglages et cherchez la ligne de la sauvegarde.",
            "Vous ne perdez rien de ce que vous avez déjà saisi.",
            "La plupart des gens ont besoin d'une dizaine de minutes.",
            "Si la lumière reste verte, tout est en ordre.",
            "Je ne peux pas promettre la date, car elle dépend du transporteur.",
            "Que se passe-t-il quand vous appuyez cinq secondes sur le bouton rond ?",
            "Gardez le reçu, car la garantie compte à partir du jour de l'achat.",
            "Je commencerais par le plus petit pas et je verrais après une semaine.",
            "La formule la moins chère le comprend aussi.",
            "Si cela revient, redémarrez d'abord l'appareil.",
        ),
    ),
}
KEPT: dict[str, Words] = {
    "English": Words(
        ("the coffee machine", "a rental contract", "our team calendar", "the piano lessons", "the e-bike battery",
         "a gluten-free menu", "the museum pass", "my mortgage rate", "a stubborn printer", "the choir rehearsal"),
        ("hey, quick one about {x}", "So I've been thinking about {x}, and honestly I'm a bit lost.",
         "We ordered {x} in March, has anything changed since?", "can you walk me through {x} step by step?",
         "My boss wants an answer on {x} by Friday, what would you say to her?", "Hmm, I'm not convinced yet.",
         "That sounds expensive for 12 people, doesn't it?", "ok and then?", "What if I only have half an hour a day?",
         "Sorry, I meant the other one, the blue model from 2019.", "Perfect, thanks a million!",
         "Last time somebody told me the exact opposite :("),
        ("That depends on one detail: did you buy it yourself, or did it come with the flat?",
         "Two options make sense here. The first costs nothing but patience; the second takes a screwdriver.",
         "Turn the knob to the left until you hear a click, wait for 30 seconds, then pour in the water.",
         "Your rate of 3.85 % is fixed until 2031, so nothing moves before then.",
         "No, the seat can be swapped up to 24 hours before, free of charge.",
         "Sure. Twenty minutes in the evening beat two hours on Sunday, at least for most beginners.",
         "I don't know whether the shop still has that model, and I would rather not guess.",
         "1. Unplug it.\n2. Take out the tray and wipe the rollers.\n3. Plug it in again and print a test page.",
         "Tell her that the figure includes VAT, that it holds for 90 days, and that we can start in week 14.",
         "Fair point! Let's compare what you would pay over three years instead of looking at a single month.",
         "Rice noodles, baked fish and the lentil stew are safe; ask about the sauce.",
         "It stands at 78 % of its capacity after 410 charges, which is within the warranty.",
         "You could say: \"I like the idea, but I need until Monday to think it over.\"",
         "Here's a formula for the sheet: `=SUM(B2:B13)/COUNT(B2:B13)`.")),
    "Italian": Words(
        ("la macchina del caffè", "il contratto di affitto", "le lezioni di pianoforte", "la batteria della bici"),
        ("Ho una domanda veloce su {x}.", "Da qualche giorno {x} mi dà dei problemi.",
         "Mi può spiegare che cosa devo fare, passo per passo?", "Non sono ancora del tutto convinto.",
         "E se ho soltanto mezz'ora al giorno?", "Quanto mi verrebbe a costare in un anno?", "Perfetto, grazie mille!"),
        ("Dipende da un particolare: l'ha comprata Lei oppure era già in casa?",
         "Giri la manopola verso sinistra finché sente uno scatto, poi aspetti trenta secondi.",
         "Il posto si può cambiare fino a ventiquattro ore prima, senza spese.",
         "Venti minuti la sera valgono più di due ore la domenica.",
         "Non so se il negozio abbia ancora quel modello, e preferisco non tirare a indovinare.",
         "La garanzia copre questo guasto per altri sei mesi, quindi non deve pagare nulla.",
         "Confrontiamo quello che spenderebbe in tre anni invece di guardare un solo mese.",
         "Prima stacchi la spina, poi tolga il cassetto e pulisca bene i rulli.")),
    "Portuguese": Words(
        ("a máquina de café", "o contrato de aluguel", "as aulas de piano", "a bateria da bicicleta"),
        ("Tenho uma dúvida rápida sobre {x}.", "Faz alguns dias que {x} não funciona direito.",
         "Você pode me explicar o que eu devo fazer, passo a passo?", "Ainda não estou convencido.",
         "E se eu só tiver meia hora por dia?", "Quanto isso me custaria em um ano?", "Perfeito, muito obrigado!"),
        ("Depende de um detalhe: foi você que comprou ou já estava no apartamento?",
         "Gire o botão para a esquerda até ouvir um clique e espere trinta segundos.",
         "O lugar pode ser trocado até vinte e quatro horas antes, sem nenhum custo.",
         "Vinte minutos à noite valem mais do que duas horas no domingo.",
         "Não sei se a loja ainda tem esse modelo, e prefiro não adivinhar.",
         "A garantia cobre esse defeito por mais seis meses, então você não precisa pagar nada.",
         "Vamos comparar o que você gastaria em três anos em vez de olhar apenas um mês.",
         "Primeiro desligue da tomada, depois tire a gaveta e limpe bem os rolos.")),
    "Dutch": Words(
        ("de koffiemachine", "het huurcontract", "de pianolessen", "de accu van mijn fiets"),
        ("Ik heb een korte vraag over {x}.", "Sinds een paar dagen gaat er iets mis met {x}.",
         "Kunt u me stap voor stap uitleggen wat ik moet doen?", "Ik ben nog niet helemaal overtuigd.",
         "En als ik maar een half uur per dag heb?", "Hoeveel zou me dat in een jaar kosten?", "Heel erg bedankt!"),
        ("Dat hangt van één ding af: hebt u hem zelf gekocht of stond hij al in het huis?",
         "Draai de knop naar links tot u een klik hoort en wacht dan dertig seconden.",
         "U kunt de plaats tot vierentwintig uur van tevoren kosteloos ruilen.",
         "Twintig minuten in de avond zijn beter dan twee uur op zondag.",
         "Ik weet niet of de winkel dat model nog heeft, en ik wil er liever niet naar raden.",
         "De garantie dekt dit gebrek nog zes maanden, dus u hoeft niets te betalen.",
         "Laten we vergelijken wat u in drie jaar zou uitgeven in plaats van in één maand.",
         "Haal eerst de stekker eruit, neem dan de lade weg en maak de rollen schoon.")),
    "Swedish": Words(
        ("kaffemaskinen", "hyresavtalet", "pianolektionerna", "cykelns batteri"),
        ("Jag har en snabb fråga om {x}.", "Sedan några dagar är det något fel med {x}.",
         "Kan du förklara för mig steg för steg vad jag ska göra?", "Jag är inte riktigt övertygad än.",
         "Och om jag bara har en halvtimme om dagen?", "Hur mycket skulle det kosta mig på ett år?", "Tack så mycket!"),
        ("Det beror på en sak: har du köpt den själv eller fanns den redan i lägenheten?",
         "Vrid knappen åt vänster tills du hör ett klick och vänta sedan i trettio sekunder.",
         "Platsen kan bytas fram till tjugofyra timmar före, helt utan kostnad.",
         "Tjugo minuter på kvällen är bättre än två timmar på söndagen.",
         "Jag vet inte om affären har kvar den modellen, och jag vill helst inte gissa.",
         "Garantin gäller för det här felet i sex månader till, så du behöver inte betala något.",
         "Låt oss jämföra vad du skulle betala under tre år i stället för en enda månad.",
         "Dra först ur kontakten, ta sedan bort lådan och torka av valsarna.")),
}  # fmt: skip

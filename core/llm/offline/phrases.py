"""What people say in the offline generator's conversations, by occasion.

Slots: {subject} what it is about, {day}, {tried}, {found}, {few}, {step} and {other_step} of the occasion, {number} of
a case. Every number of a case begins with SAMPLE, so that nobody takes it for one of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Occasion:
    """One sort of conversation. words: of a prompt that ask for it.

    opens, answers: ways to begin, and to answer that. follow_ups, ends: what is said next and last, with its answer.
    """

    words: tuple[str, ...]
    steps: tuple[str, ...]
    other_steps: tuple[str, ...]
    opens: tuple[str, ...]
    answers: tuple[str, ...]
    follow_ups: Pairs
    ends: Pairs


SLOTS: Final[Mapping[str, tuple[str, ...]]] = {
    "day": (
        "on Monday",
        "on Tuesday",
        "last night",
        "this morning",
        "two days ago",
        "over the weekend",
        "last week",
    ),
    "tried": (
        "turned everything off and on again",
        "read the guide twice",
        "asked a colleague",
        "looked through my messages",
        "waited a day",
        "tried another browser",
        "written everything down",
        "compared it with last month",
    ),
    "found": (
        "The first part is fine now",
        "It looks better, but not quite right",
        "I see a different message",
        "Half of it works",
        "That changed something",
        "Now I understand where it comes from",
        "It took a while, but it went through",
        "I get the same as before",
    ),
    "few": (
        "two",
        "three",
        "four",
        "five",
        "six",
        "eight",
        "ten",
        "a dozen",
    ),
}

SUPPORT: Final = Occasion(
    words=(
        "support",
        "customer",
        "help desk",
        "ticket",
        "complaint",
        "refund",
        "agent",
    ),
    steps=(
        "check which account it runs under",
        "write down what you see on the screen",
        "note the time it began",
        "look at the last confirmation you received",
        "set it back to how it was",
        "open the overview",
        "pick the one case that matters most",
        "compare two examples side by side",
    ),
    other_steps=(
        "send me what it says",
        "try it once more with a fresh start",
        "leave the rest for tomorrow",
        "tell me what changed",
        "keep the old version until we are sure",
        "save a copy before you go on",
        "mark the point where it differs",
        "look again after ten minutes",
    ),
    opens=(
        "I need a hand with {subject}. It began {day}, and I have {tried}.",
        "Could you look into {subject} for me? I have {tried}, without any luck.",
        "Something is wrong: {subject}. I noticed it {day}.",
        "I am writing about {subject}. I have {tried}; what else can I do?",
        "Since {day} I have been dealing with {subject}. Is that known to you?",
        "Is this the right place for {subject}? I have {tried} already.",
        "My question is about {subject}. I first saw it {day}, I believe.",
        "I would like to sort out {subject} today, if that is possible.",
    ),
    answers=(
        "Thank you for writing to us. Let us take {subject} step by step: please {step}, then {other_step}.",
        "I am sorry for the trouble. For {subject} it usually helps to {step}. After that, please {other_step}.",
        "Good that you have {tried}. Next, {step}; if nothing changes, {other_step}.",
        "I have opened case SAMPLE-{number} for {subject}. Meanwhile, would you {step}?",
        "I can help with that. First I would {step}, and only then {other_step}.",
        "That should not happen. Please {step}, so that I can see what is behind {subject}.",
    ),
    follow_ups=(
        (
            "{found}. What should I do next?",
            "That is a good sign. Please {other_step}, and we are nearly there.",
        ),
        (
            "I did that. {found}. Is that what you expected?",
            "Yes, that tells me what it is. The cause is on our side. I would still {step} to be safe.",
        ),
        (
            "All right. How long does it take as a rule?",
            "It takes a few minutes. If it is longer than an hour, {other_step}.",
        ),
        (
            "{found}. Do I have to do this every time?",
            "No, once is enough. I have noted under SAMPLE-{number} what we found.",
        ),
        (
            "One more thing: does that also apply to the other {few} I have?",
            "It does. For each of them, {step}; you need not do the rest again.",
        ),
        (
            "And if it comes back?",
            "In that case, mention SAMPLE-{number}, and nobody will ask you all this again.",
        ),
        (
            "Where do I find that? I have looked for a while.",
            "It is easy to miss. Open the overview, then {step}; the rest follows from there.",
        ),
        (
            "My colleague says it is different for her. Why is that?",
            "She may have begun earlier than you. Let her {step}, and we compare the two.",
        ),
    ),
    ends=(
        (
            "That worked. Thank you for your patience.",
            "Glad to hear it. I have closed SAMPLE-{number}; just reply if anything is left.",
        ),
        (
            "It is solved, thank you!",
            "You are welcome. I will look at {subject} once more tomorrow, to be sure.",
        ),
        (
            "Good, then I know what to do. Thanks for the quick answer.",
            "Thank you for your help in finding it. Have a good day.",
        ),
        (
            "Thank you, that is clearer than the guide.",
            "My pleasure. I have passed on what you say about the guide; a summary is on its way to you.",
        ),
        (
            "Perfect. You can close the case.",
            "Happy to. SAMPLE-{number} is closed, with your hint about {subject} in it.",
        ),
        (
            "It will do for today. Can I write again if I need to?",
            "Of course. Reply to this message, and SAMPLE-{number} opens again.",
        ),
    ),
)

SALES: Final = Occasion(
    words=(
        "sales",
        "seller",
        "buyer",
        "prospect",
        "pricing",
        "quote",
        "offer",
        "purchase",
        "objection",
    ),
    steps=(
        "bring one case of your own",
        "list what takes you longest",
        "name the person who would use it first",
        "measure one ordinary week",
        "pick the three tasks that come up most",
        "choose a team that is curious",
    ),
    other_steps=(
        "try it with that for a week",
        "compare it with how you do it today",
        "ask them what they would miss",
        "decide once you have seen the figures",
        "leave everything else as it is",
    ),
    opens=(
        "We are a team of {few} and are looking at {subject}. How would we begin?",
        "A colleague mentioned {subject}. What does it do for somebody like us?",
        "I have {few} minutes. What should I know about {subject}?",
        "We use something else at present, but {subject} keeps coming up. Why should we change?",
        "Before we talk about {subject}: what does it cost, and what is not included?",
        "I saw {subject} {day} and would like to understand whether it fits us.",
        "My manager asked me to compare {subject} with {few} others. Can you help?",
        "Honestly, I am not sure that we need {subject}. Convince me.",
    ),
    answers=(
        "Gladly. May I ask first what you use now? Then I can say where {subject} helps and where it does not.",
        "The short version: {subject} saves most where the same work comes up every week. Is that so with you?",
        "Fair question. Most teams begin small: {step}, see what it brings, and decide after a month.",
        "I would rather show it than praise it. If you {step}, we look at your own case together.",
        "It depends on how many of you would use it. For {few} people the smallest plan is enough.",
        "Let us keep it simple: what would have to be better in three months for {subject} to be worth it?",
    ),
    follow_ups=(
        (
            "That sounds reasonable. What is the catch?",
            "The catch is time: somebody has to {step} before you begin. After that it runs by itself.",
        ),
        (
            "We have about {few} cases a day. Is that enough to make it worthwhile?",
            "At that number it pays for itself within {few} months. I can send you the sum, so that you can check it.",
        ),
        (
            "And how long until it runs?",
            "Most are ready within {few} days. The longest part is to agree on who does what.",
        ),
        (
            "What happens to our data if we leave?",
            "You take everything with you, in files that any program reads. That is in the contract, too.",
        ),
        (
            "Our budget is fixed until the end of the quarter. Is there a way to try it first?",
            "There is a trial without a card. I suggest that you {step}, then {other_step}.",
        ),
        (
            "Who would help us in the first weeks?",
            "I would, together with a colleague who has done it {few} times before.",
        ),
        (
            "What do your customers complain about?",
            "That the first day is slow. So we {step} together with you, and then {other_step}.",
        ),
        (
            "The others are cheaper. Why should we pay more?",
            "Do not, unless it saves you more than that. Measure it for a month, and let the figures speak.",
        ),
    ),
    ends=(
        (
            "That is clear. Please send me the offer.",
            "With pleasure. The offer has the number SAMPLE-{number} and is good for thirty days.",
        ),
        (
            "Good. I will talk to the team and come back to you.",
            "Take your time. I will note your questions on {subject}, so that we go on where we stopped.",
        ),
        (
            "I like that you say what it can't do. Let us try it.",
            "Then I will prepare a trial with one of your own examples. Please {step} until then.",
        ),
        (
            "Not now, I think, but ask me again next quarter.",
            "Understood, and thank you for the open word. I will write again then.",
        ),
        (
            "All right, you have me. What is the next step?",
            "I will send you an invitation; until then, just {step}.",
        ),
        (
            "Thanks, that was shorter than I feared.",
            "I am glad. Here is all of it on one page, as SAMPLE-{number}, for whoever asks you about {subject}.",
        ),
    ),
)

COACHING: Final = Occasion(
    words=(
        "coach",
        "coaching",
        "mentor",
        "feedback",
        "goal",
        "habit",
        "career",
        "leadership",
        "learner",
    ),
    steps=(
        "say the first sentence aloud",
        "write down what went well",
        "ask one person for an honest word",
        "begin with the smallest part",
        "take ten quiet minutes before it",
        "say no to one thing this week",
    ),
    other_steps=(
        "notice what you feel before you answer",
        "let the second thought speak, too",
        "look at what you would keep",
        "put it off by a day, on purpose",
        "ask what they need, and wait",
    ),
    opens=(
        "I keep putting off {subject}. I have {tried}, but it does not move.",
        "I would like to get better at {subject}. Where do I start?",
        "I had a hard conversation about {subject} {day}, and it is still on my mind.",
        "People tell me that I should work on {subject}. I am not sure what they mean.",
        "For {few} weeks I have tried to make progress with {subject}. It is slower than I hoped.",
        "Can we talk about {subject} today? I feel stuck.",
        "I have a decision to make about {subject} and turn it over again and again.",
        "I want {subject} to go better than last time.",
    ),
    answers=(
        "Thank you for bringing it up. What would be different for you if {subject} went well?",
        "Let us look at one moment. When did {subject} last go a little better than usual?",
        "That sounds tiring. What was the best part of {subject} so far, however small?",
        "On a scale from one to ten, where are you with {subject} today? And what makes it that, and not less?",
        "Before we look for a solution: what is it about {subject} that matters to you?",
        "Suppose a friend told you the same about {subject}. What would you say?",
    ),
    follow_ups=(
        (
            "I have never looked at it like that. I suppose I want to be taken seriously.",
            "That is worth wanting. Who takes you seriously today, and what do you do differently with them?",
        ),
        (
            "Perhaps a four. It was a two {day}, so something did help.",
            "What would tell you that it has become a five? Let us make that as concrete as we can.",
        ),
        (
            "When I {step}, it is easier. I just forget to do it.",
            "Then you already know what helps. How could you remind yourself of it?",
        ),
        (
            "I would tell a friend to be patient. With myself I am not.",
            "Notice that you said it yourself. What would it look like to be that friend this week?",
        ),
        (
            "What I fear is that I disappoint people. Is that silly?",
            "It is not silly at all. What could you do this week that takes less than {few} minutes?",
        ),
        (
            "I could begin smaller, but it feels like cheating.",
            "Small is allowed. A step that you take is larger than one that you plan.",
        ),
        (
            "I know what to say, and then I do not say it.",
            "Let us try it out: say it to me as you would say it to them. And before that, {other_step}.",
        ),
        (
            "What if it goes wrong again?",
            "Then you will know more than today. What is the least that you would want to learn from it?",
        ),
    ),
    ends=(
        (
            "I will {step} before our next talk, and tell you how it went.",
            "I look forward to hearing about it. Whatever happens, it will teach us something about {subject}.",
        ),
        (
            "That helps. I know what my next step is.",
            "Well done for staying with it. Be as kind to yourself as you would be to that friend.",
        ),
        (
            "Good. It already feels lighter than when I came.",
            "You did the work today. Take a moment to notice that.",
        ),
        (
            "I will try it on Thursday, with the meeting that I dread least.",
            "Good. And if it does not work, we change the plan, not the person.",
        ),
        (
            "Thank you. I will write it down before I lose it again.",
            "Keep it small, and keep it yours. We speak next week.",
        ),
        (
            "Let me think about it for a few days.",
            "Do. If one sentence of today stays with you, start with that one.",
        ),
    ),
)

OTHERS: Final = Occasion(
    words=(),
    steps=(
        "look at a single example",
        "draw it on paper",
        "name the parts",
        "begin with what never changes",
        "count how often it happens",
        "compare two cases",
    ),
    other_steps=(
        "see what remains",
        "ask what would make it false",
        "add one thing at a time",
        "explain it to somebody else",
        "put it in your own words",
    ),
    opens=(
        "Can you help me with {subject}?",
        "I would like to understand {subject} better.",
        "What should I know about {subject} before I begin?",
        "I have {tried} and still have a question about {subject}.",
        "Explain {subject} to me as if I had never heard of it.",
        "Which part of {subject} do people get wrong most often?",
    ),
    answers=(
        "Gladly. A good way into {subject} is to {step}, and then to {other_step}.",
        "Let us begin with what you know. Which part of {subject} is clear already?",
        "The heart of {subject} is simple; the details follow from it. First, {step}.",
        "Many begin at the wrong end. I would {step} before anything else.",
    ),
    follow_ups=(
        (
            "How does that fit together?",
            "Take a small case: you {step}, and {subject} shows itself in what remains.",
        ),
        (
            "Could you give me an example?",
            "Think of a list: first you {step}, then you {other_step}.",
        ),
        (
            "Why is that so?",
            "Because each part depends on the one before. That is why you {step} first.",
        ),
        (
            "And what changes if there are {few} of them?",
            "With more of them the order matters: {step}, and keep the rest for later.",
        ),
        (
            "What do people get wrong there?",
            "They hurry. If you {step}, you see it before it costs you anything.",
        ),
    ),
    ends=(
        (
            "That makes sense now, thank you.",
            "You are welcome. Come back to {subject} in a week and see what has stayed.",
        ),
        (
            "Good, I will try it.",
            "Enjoy it. The next step is to {other_step}.",
        ),
        (
            "Thanks, I can go on from here.",
            "My pleasure. If something is unclear, bring an example.",
        ),
    ),
)

OCCASIONS: Final = (SUPPORT, SALES, COACHING)

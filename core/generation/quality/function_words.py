"""The words that sentences of a language can hardly do without: what tells the language of a short one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_WORDS: Final = {
    "eng": "the a an and of to in is it that you for on with as are be this have from or at not can your we they "
    "i my what if will do but so there when which how would about was has me no just than then get don "
    "should could",
    "deu": "der die das und in zu den ist nicht ein eine einen mit sich auf für von dem sie ich es auch als an "
    "werden aus wenn oder sind wie bei noch nach wir was kann haben ihr ihre mein meine mir dann aber nur "
    "schon hat zum zur etwa dafür mehr sehr diese dieser wird kein keine man so doch also über unter beim "
    "ab können",
    "fra": "le la les de des du un une et est que qui dans pour pas ne sur avec au aux ce cette vous je il elle "
    "nous votre vos mon ma en par plus ou se sont si mais comme être avoir a on tout bien quand y d l j n "
    "c qu cela ces mes ses aussi très peut",
    "spa": "el la los las de del un una y es que en por para con no se su al lo como más pero sus le ya o este "
    "esta si me mi usted yo está son cuando muy sin sobre también hay todo desde tiene qué cómo puede",
    "ita": "il lo la i gli le di del della dei un una e è che in per con non si da al alla come più ma sono ho "
    "mi suo sua questo questa ha se anche o nel nella prima poi lei io quando molto dove cosa può già "
    "delle degli l dell all nell dal",
    "por": "o a os as de do da dos das um uma e é que em no na para com não se por mais como mas ao seu sua você "
    "eu meu minha está são foi ou quando muito isso este esta pelo pela já também tem até sem depois",
    "nld": "de het een en van in is dat op te zijn met voor niet aan er om ook als dan maar bij of uit nog naar "
    "heeft hij u ik je we mijn uw wat kan hebben deze dit die wordt worden door over geen moet meer",
    "swe": "och att det i en ett är som på av för med den till inte om har de du jag kan så men från vi var min "
    "din mitt eller när vid hur mycket ska här också bara än detta dig mig sedan där finns",
    "dan": "og at det i en et er som på af for med den til ikke om har de du jeg kan så men fra vi var min din "
    "eller når ved hvor meget skal her også kun end dette dig mig der bliver efter",
    "nob": "og at det i en et er som på av for med den til ikke om har de du jeg kan så men fra vi var min din "
    "eller når ved hvor mye skal her også bare enn dette deg meg der blir etter",
    "fin": "ja on ei se että oli joka mutta kun niin tai jos hän minä sinä me te he olen olet ole kuin vain myös "
    "sitä tämä tämän sen voi voit mikä miten jo vielä kanssa",
    "pol": "i w na z do nie się to że jest o jak ale po co za od tak czy dla są który która które ja pan pani "
    "może jego przez już tylko przy być oraz lub ten ta te jeśli",
    "ces": "a v na se je že s z do to o jak ale po co za od tak pro jsou který která které jsem jste může jeho "
    "přes již jen při být nebo ten ta ty pokud není si",
    "hun": "a az és hogy nem is egy ez de van meg csak ha már vagy mint én te ön mi volt lesz kell nagyon még "
    "itt ott majd ezt azt akkor",
    "ron": "și de la în a o un cu nu este că pe se din care pentru mai sau sunt să dar ce am ai fi acest această "
    "lui dacă prin ca au al ale fost",
    "tur": "ve bir bu da de için ile ne ama daha çok gibi var mı mi olarak olan ben sen siz o şu kadar sonra "
    "veya ya değil en her nasıl",
    "ind": "yang dan di ke dari ini itu untuk dengan tidak adalah pada saya anda akan dapat atau juga oleh sudah "
    "bisa ada apa kami kita karena jika lebih seperti",
}  # fmt: skip
FUNCTION_WORDS: Final[Mapping[str, frozenset[str]]] = {
    lang: frozenset(words.split()) for lang, words in _WORDS.items()
}

"""Words that stand for "no value" among numbers: letters and digits alone, in lower case, so that "k. A." is "ka"."""

from __future__ import annotations

from typing import Final

LINES: Final = (
    # English, and what instruments, laboratories and pollsters write
    "na nan null none nil nd ns nr nq nc nm tbd tbc tba pending missing unknown unk notavailable",
    "notapplicable notreported notrecorded notmeasured notdetected nondetect nondetected undetected",
    "notdetermined notknown nodata novalue noresult noanswer nonresponse nosample blank empty error err fail",
    "failed fault bad badinput iotimeout offline calib calibration maint maintenance invalid inv suppressed",
    "supp confidential conf redacted withheld hidden dropped dontknow dk refused ref rf prefernottosay pnts",
    "skipped skip inapplicable inap iap dnf dns dsq bdl lod loq dl mdl rl bql blq qns hemolyzed clotted",
    "cancelled canceled commfail undefined undef indeterminate inconclusive nottested notdone notgiven",
    "notstated notasked noreading missingvalue ind",
    # German
    "ka keineangabe keineangaben nv nichtverfügbar nichtvorhanden nb nichtbestimmt nn nichtnachweisbar",
    "nichtnachgewiesen udl ubg bg ng unbekannt entfällt fehlt fehler ohneangabe oa keinwert keine keinedaten",
    "ausfall gesperrt geheim weißnicht weissnicht verweigert nichtermittelt trifftnichtzu",
    # French, Spanish, Italian, Portuguese, Romanian
    "so sansobjet inconnu inconnue nondisponible nonrenseigné nonapplicable donnéemanquante manquant",
    "manquante absent secret secretstatistique nsp nesaitpas neseprononcepas nondétecté sansréponse vide",
    "erreur sd sindatos sindato nodisponible nsnc nsnr nosabe noaplica desconocido vacío perdido nocontesta",
    "nondisponibile nondefinito nonrilevato np mancante sconosciuto errore nonapplicabile datomancante",
    "assente semdados sinf seminformação semregistro nãodisponível nãoaplicável nãoseaplica nsa ignorado erro",
    "nãoinformado lipsă indisponibil necunoscut fărădate",
    # Dutch, Scandinavian, Finnish, Baltic
    "onbekend nvt nietbekend nietbeschikbaar geen geendata geenopgave geengegevens fout ontbreekt saknas",
    "uppgiftsaknas okänd okänt ejtillgänglig ejuppmätt ejsvar vetej fel mangler ukjent ukendt",
    "ikketilgjengelig ikkeoppgitt ikkeoplyst uoplyst fejl feil vetikke vedikke ingendata puuttuu eitietoa",
    "tuntematon eisaatavilla virhe eos eimitattu puudub andmedpuuduvad navdatu nėraduomenų",
    # Slavic, Hungarian, Greek, Turkish
    "brak brakdanych bd niedotyczy nieznany nieznane niedostępne błąd brakinformacji niepodano neznámé",
    "neznámy neuvedeno neuvedené chybí chýba není nenikdispozici neníkdispozici nezjištěno chyba bezúdajů",
    "bezúdajov nincs nincsadat nemismert ismeretlen hiányzik nepoznato nemapodataka nijedostupno nidostopno",
    "nipodatka нп непознато няма нямаданни неизвестно нетданных нд нет отсутствует неуказано ошибка",
    "неприменимо нетсведений немаєданих невідомо άγνωστο μηδιαθέσιμο yok veriyok bilinmiyor belirsiz hata",
    "mevcutdeğil eksik",
    # Chinese, Japanese, Korean, Arabic, Hebrew and others
    "无 無 缺失 缺测 未知 不详 不詳 暂无 暂无数据 无数据 空 未检出 不适用 なし 欠測 欠損 不明",
    "該当なし 未定 データなし 未測定 未回答 無回答 秘匿 없음 미상 해당없음 결측 자료없음 미측정 무응답",
    "점검중 통신장애 교정중 غيرمتوفر لايوجد غيرمعروف איןנתונים לאידוע",
    "khôngcó khôngrõ tidakada tidaktersedia",
)
WORDS: Final = frozenset(word for line in LINES for word in line.split())

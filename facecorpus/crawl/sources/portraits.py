"""Which sub-categories of a person's category are worth a look: those that may hold photographs of the person.

Wikimedia Commons names its categories in English by its own rules; other wikis, and mistakes, use other languages.
"""

import re

NO_PORTRAITS: dict[str, tuple[str, ...]] = {
    "en": (
        # writing of the person's hand or about the person
        *("signatures?", "autographs?", "handwriting", "letters", "manuscripts", "documents", "quot(?:es|ations)"),
        *("books?", "magazines?", "covers", "newspapers?", "works (?:by|of|about)"),
        # likenesses that are no photographs
        *("statues?", "sculptures?", "busts", "monuments?", "memorials?", "plaques?", "wax", "dolls?", "toys?"),
        *("paintings?", "drawings?", "engravings?", "caricatures?", "cartoons?", "illustrations?", "murals?"),
        *("graffiti", "posters?", "stickers?", "stamps?", "coins?", "banknotes?", "medals?"),
        *("cosplay", "impersonators?", "tribute"),
        # the dead, and where they lie
        *("graves?", "tombs?", "funerals?", "burials?", "mausoleums?"),
        # signs, maps, figures
        *("logos?", "icons?", "coats? of arms", "flags?", "maps?", "charts?", "diagrams?", "genealog(?:y|ies)"),
        # sound and film
        *("audio", "sounds?", "voice", "recordings?", "videos?", "songs?", "albums?", "discograph(?:y|ies)"),
        # places and things of the name
        *("named after", "things", "places", "buildings?", "houses?", "homes?", "residences?", "streets?"),
        *("museums?", "stars? on the", "famil(?:y|ies)", "relatives"),
    ),
    "de": (
        *("unterschrift(?:en)?", "autogramme?", "briefe?", "handschriften", "zitate"),
        *("statuen?", "skulpturen?", "büsten?", "denkm(?:a|ä)le?r?", "gedenktafeln?", "gemälde", "zeichnungen"),
        *("karikaturen?", "briefmarken?", "münzen?", "medaillen?", "gr(?:ab|äber)", "begräbnis", "beerdigung"),
        *("karten?", "wappen", "tonaufnahmen?", "videos?", "bücher", "benannt nach", "gebäude", "straßen?"),
        *("familie",),
    ),
    "fr": (
        *("signatures?", "autographes?", "lettres?", "manuscrits?", "citations?", "livres?"),
        *("statues?", "sculptures?", "bustes?", "monuments?", "plaques?", "peintures?", "dessins?", "gravures?"),
        *("caricatures?", "timbres?", "monnaies?", "médailles?", "tombes?", "funérailles", "obsèques"),
        *("cartes?", "armoiries", "blasons?", "enregistrements?", "vidéos?", "lieux", "rues?", "maisons?"),
        *("nommée?s? d'après", "famille"),
    ),
    "es": (
        *("firmas?", "autógrafos?", "cartas?", "manuscritos?", "citas?", "libros?"),
        *("estatuas?", "esculturas?", "bustos?", "monumentos?", "placas?", "pinturas?", "dibujos?", "grabados?"),
        *("caricaturas?", "sellos?", "monedas?", "medallas?", "tumbas?", "funeral(?:es)?", "entierro"),
        *("mapas?", "escudos?", "grabaciones?", "vídeos?", "lugares", "calles?", "casas?", "epónim[oa]s?", "familia"),
    ),
    "it": (
        *("firme?", "firma", "autografi?", "lettere?", "manoscritti?", "libri"),
        *("statu[ae]", "sculture?", "busti?", "monumenti?", "targhe?", "dipinti?", "disegni?", "incisioni?"),
        *("caricature?", "francobolli?", "monete?", "medaglie?", "tomb[ae]", "funerali?"),
        *("mapp[ae]", "stemmi?", "registrazioni?", "video", "luoghi", "vie", "case", "famiglia"),
    ),
    "pt": (
        *("assinaturas?", "autógrafos?", "cartas?", "manuscritos?", "livros?"),
        *("estátuas?", "esculturas?", "bustos?", "monumentos?", "placas?", "pinturas?", "desenhos?", "gravuras?"),
        *("caricaturas?", "selos?", "moedas?", "medalhas?", "túmulos?", "funeral", "enterro"),
        *("mapas?", "brasões", "brasão", "gravações", "vídeos?", "lugares", "ruas?", "casas?", "família"),
    ),
    "ru": (
        *("подпис[ьи]", "автограф[ы]?", "письма", "рукописи", "книги"),
        *("статуи?", "скульптуры?", "бюсты?", "памятники?", "мемориал[ы]?", "картины?", "рисунки", "карикатуры?"),
        *("марки", "монеты", "медали", "могил[аы]", "похороны", "карты", "гербы?", "аудио", "видео", "улицы?"),
        *("названн", "семья"),
    ),
}
"""By language, what the topic of a category without portraits is called: parts of regular expressions, whole words."""

_NO_PORTRAITS = re.compile(
    rf"\b(?:{'|'.join(word for words in NO_PORTRAITS.values() for word in words)})\b", re.IGNORECASE
)


def may_hold_portraits(title: str, person: str) -> bool:
    """Whether a sub-category is worth a look: not one of signatures, statues, maps, things named after the person.

    The person's own name does not count: "Terence Stamp in 1966" holds no stamps.
    """
    topic = title.removeprefix("Category:").replace(person.replace("_", " "), " ")
    return not _NO_PORTRAITS.search(topic)

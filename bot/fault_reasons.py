"""Why a file or a value does not fit, in the words of the people who write the files, in English and Spanish.

The parser speaks of tokens and the models of types; neither is what an editor wants to hear. Each reason comes as two
values of a fault: `problem` and `problema`.
"""

from collections.abc import Mapping
from typing import Any

_YAML: tuple[tuple[str, str, str], ...] = (
    ("mapping values", "a colon and a space where none can stand, or wrong indentation",
     "dos puntos y un espacio donde no pueden ir, o una sangría equivocada"),
    ("unexpected end of stream", "a quotation mark that is not closed", "unas comillas que no se cierran"),
    ("',' or ']'", "a square bracket that is not closed", "un corchete que no se cierra"),
    ("',' or '}'", "a curly bracket that is not closed", "una llave que no se cierra"),
    ("cannot start any token", "a text cannot begin with @, ` or %", "un texto no puede empezar con @, ` ni %"),
    ("'-' indicator", "a list line that does not begin with a hyphen", "un renglón de la lista que no empieza con guion"),
    ("block sequence", "a list must begin on a line of its own", "la lista debe empezar en su propio renglón"),
    ("expected key", "wrong indentation, or text after a closing quotation mark",
     "una sangría equivocada, o texto después de cerrar comillas"),
    ("expected ':'", "a colon is missing", "faltan los dos puntos"),
    ("comment or line break", "the text must begin on the line below the |", "el texto debe empezar debajo del |"),
    ("document", "the beginning of a second document, or wrong indentation",
     "el inicio de un segundo documento, o una sangría equivocada"),
    ("escape", "a backslash inside quotation marks", "una diagonal invertida entre comillas"),
    ("alias", "a text that begins with *; put it below a |", "un texto que empieza con *; ponlo debajo de un |"),
    ("anchor", "a text that begins with &; put it below a |", "un texto que empieza con &; ponlo debajo de un |"),
    ("tag", "a text that begins with !; put it below a |", "un texto que empieza con !; ponlo debajo de un |"),
    ("too deep", "too many levels", "demasiados niveles"),
    ("node content", "a bracket that is not closed", "un paréntesis que no se cierra"),
)  # fmt: skip
_YAML_OTHER = ("it is not written as the files are", "no está escrito como los demás archivos")


def yaml_problem(parser_words: str) -> dict[str, object]:
    """What a message of the YAML parser means for an editor."""
    found = next(((en, es) for part, en, es in _YAML if part in parser_words), _YAML_OTHER)
    return {"problem": found[0], "problema": found[1]}


def reading_problem(error: OSError) -> dict[str, object]:
    """Why a file could not be opened."""
    if isinstance(error, IsADirectoryError):
        return {"problem": "it is a folder", "problema": "es una carpeta"}
    if isinstance(error, PermissionError):
        return {"problem": "you may not open it", "problema": "no tienes permiso de abrirlo"}
    return {"problem": "it is not there, or the disk is at fault", "problema": "no está, o falla el disco"}


_LIST = (
    "a list is wanted here, each item on its line after a hyphen",
    "aquí va una lista, cada cosa en su renglón después de un guion",
)
_TEXT = ("a text is wanted here", "aquí va un texto")
_KEYS = ("more keys are wanted below it, such as “en:” and “es:”", "debajo van otras claves, como «en:» y «es:»")
_NUMBER = ("a number is wanted, such as 560 or 18.504", "va un número, como 560 o 18.504")
_DAY = ("a day is wanted, such as 2027-01-31", "va una fecha, como 2027-01-31")
_YES_NO = ("true or false is wanted", "va true o false")
_MISFIT = ("it does not fit here", "aquí no sirve")

_BY_TYPE: tuple[tuple[str, tuple[str, str]], ...] = (
    ("list_", _LIST),
    ("string_type", _TEXT),
    ("dict_", _KEYS),
    ("model_", _KEYS),
    ("decimal_", _NUMBER),
    ("float_", _NUMBER),
    ("int_", _NUMBER),
    ("finite_", _NUMBER),
    ("date_", _DAY),
    ("bool_", _YES_NO),
)


def value_problem(problem: Mapping[str, Any]) -> dict[str, object]:
    """What a complaint of the models (an entry of pydantic's `errors()`) means for an editor."""
    kind, context = str(problem["type"]), problem.get("ctx", {})
    if kind == "literal_error":
        choices = str(context["expected"]).replace("'", "")
        return {
            "problem": f"it can be {choices}",
            "problema": f"puede ser {choices.replace(' or ', ' o ')}",
        }
    if kind in ("greater_than_equal", "less_than_equal"):
        limit = context.get("ge", context.get("le"))
        word, palabra = ("at least", "mínimo") if kind == "greater_than_equal" else ("at most", "máximo")
        return {"problem": f"it must be {word} {limit}", "problema": f"debe ser {palabra} {limit}"}
    if kind == "string_pattern_mismatch":
        return {"problem": "it must look like 2h or 30m", "problema": "debe verse como 2h o 30m"}
    found = next((words for start, words in _BY_TYPE if kind.startswith(start)), _MISFIT)
    return {"problem": found[0], "problema": found[1]}


_PATTERNS: Mapping[str, tuple[str, str]] = {
    "open-end": (
        "it must begin and end with a word that has to be there, not with {word}",
        "debe empezar y terminar con una palabra que no pueda faltar, no con {word}",
    ),
    "two-gaps": ("one * after another", "un * tras otro"),
    "too-short": (
        "“{word}” alone is too short a word to be certain",
        "«{word}» sola es una palabra muy corta para estar seguros",
    ),
    "no-word": (
        "“{word}” is not written as a word, as <a-set> or as one|other",
        "«{word}» no está escrito como palabra, como <un-conjunto> ni como una|otra",
    ),
    "no-spaces": (
        "“{word}” is not in the signs of a language without spaces",
        "«{word}» no está en los signos de un idioma sin espacios",
    ),
    "sign-in-set": (
        "in a set stand plain words, without < > | * ?",
        "en un conjunto van palabras solas, sin < > | * ?",
    ),
}


def pattern_problem(problem: str, word: str) -> dict[str, object]:
    """Why a line of the danger lexicon cannot be read."""
    en, es = _PATTERNS[problem]
    return {"problem": en.format(word=word), "problema": es.format(word=word)}

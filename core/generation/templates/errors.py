"""Why a template can't be kept, or not be filled in with the values given."""

from __future__ import annotations

from core.access.errors import NotAllowed
from core.errors import AppError, Clash


class TemplateRefused(AppError):
    """The text of a template holds what it must not, or can't be read."""

    code = "template_refused"
    message = "Line {line_id} of the prompt {problem}."
    hint = "{remedy}"
    line_id: int
    problem: str
    remedy: str


class TextUnfit(AppError):
    """A part of a template is empty, too long, or can't be stored."""

    code = "text_unfit"
    message = "The {part} {problem}."
    hint = "{remedy}"
    part: str
    problem: str
    remedy: str


class VariablesUnfit(AppError):
    """Variables are described in a way that makes no sense; all that is wrong at once."""

    code = "variables_unfit"
    message = "{problems}"
    hint = "Correct the variables, then save again."
    problems: str


class ParamsUnfit(AppError):
    """Values don't fit the variables of a template in several ways; each of them is named."""

    code = "params_unfit"
    message = "{problems}"
    hint = "{remedy}"
    problems: str
    remedy: str


class VariableMissing(ParamsUnfit):
    """Required variables have no value."""

    code = "variable_missing"


class VariableUnknown(ParamsUnfit):
    """There are values for variables that the template doesn't have."""

    code = "variable_unknown"


class ValueUnfit(ParamsUnfit):
    """Values are of the wrong type, too long, or not among a variable's options."""

    code = "value_unfit"


class PromptTooLong(AppError):
    """Filled in, a template is longer than is sent to a model."""

    code = "prompt_too_long"
    message = "With these values the prompt is longer than {limit_bytes:byte}."
    hint = "Shorten the values, or use each of them less often in the template."
    limit_bytes: int


class NoTemplateFits(AppError):
    """No template was named, and each one needs values that were not given."""

    code = "no_template_fits"
    message = (
        "No template can be used with the values you gave ({given}). "
        "The nearest is {nearest}; it also needs {lacking}."
    )
    hint = "Add these values, or choose a template."
    given: str
    nearest: str
    lacking: str


class NoTemplates(AppError):
    """There is not a single one."""

    code = "no_templates"
    message = "There are no templates to choose from."
    hint = "Create one on the Templates page. Those that come with the app are added when it starts."


class NotItsAuthor(NotAllowed):
    """Versions are added by a template's author and by admins alone."""

    code = "not_its_author"
    message = "You can't add a version to {name}: {reason}."
    hint = "Save your text as a new template instead."
    needed: str = ""
    role: str = ""
    name: str
    reason: str


class NothingChanged(Clash):
    """The same text again would be a version that differs in nothing."""

    code = "nothing_changed"
    message = "{name} is the newest version already, and it is the same."
    hint = "Change something first, or use the version that is there."
    name: str


class NotForWriting(AppError):
    """The prompt of enrichments was named for a job that writes conversations."""

    code = "not_for_writing"
    message = "The template {name} enriches conversations and writes none."
    hint = "Choose another template."
    name: str

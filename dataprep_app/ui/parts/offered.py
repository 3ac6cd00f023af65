"""What the form of a step offers that its settings alone do not say: recipes and their parameters, models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from dataprep_app.modeling.store import SavedModel, models
from dataprep_app.recipe_library import size
from dataprep_app.ui.forms.fields import FormField, label_of, step_fields
from dataprep_app.ui.parts.chain import step_title, titles
from dataprep_app.ui.parts.model_list import built_at, said
from dataprep_app.workspace import Workspace
from flows.document import Flow, Parameter, Recipe
from flows.expansion import SOURCE_INFO
from flows.recipes import RECIPE
from transforms.core.transform import Transform
from transforms.custom_model import SAMPLE

MODEL = "apply_model"
IN_FLOW = (RECIPE, MODEL, SOURCE_INFO)
"""Steps that can only be judged in their place in the flow."""
WHICH = {RECIPE: "recipe", MODEL: "model"}
"""The setting of a step that is chosen from what the flow or the workspace has."""
SAMPLE_HINT = "Comes with Dataprep, to try things with: whether a loan is approved, by income and city."
OUTPUTS = {
    "prediction": "The prediction",
    "probability": "How probable it is",
    "probabilities": "The probability of every class",
    "explanation": "The columns that did most for it",
}
SHOWN = 4
"""Steps of a recipe that are named."""
NO_RECIPE = "There is no recipe yet. Select some steps in the view Data flow, and choose “Save as recipe”."
RECIPE_HELP = "A recipe of this flow, or of the library. The flow keeps a copy of one that it takes from there."
MODEL_HELP = "A model of this workspace. The rows have to be prepared as those that it was built from."


@dataclass(frozen=True)
class Offer:
    """What the form of a step offers at the moment."""

    fields: tuple[FormField, ...]
    inputs: tuple[str, ...]
    """Names of the tables it takes."""
    hint: str = ""
    """What there is to know of what is chosen, or of where it comes from."""
    library: Mapping[str, Recipe] = field(default_factory=dict)
    """Recipes that the flow would take a copy of."""


def offered(kind: type[Transform], flow: Flow, after: str | None, space: Workspace, chosen: str) -> Offer:
    """What a form offers.

    Args:
        kind: the transform.
        flow: the flow.
        after: the output whose rows the step takes.
        space: the workspace.
        chosen: the recipe or the model that is chosen at the moment.
    """
    fields = step_fields(kind)
    if kind.id == RECIPE:
        library = space.recipes()
        known = {**library, **flow.recipes}
        inputs = known[chosen].inputs if chosen in known else ("table",)
        hint = "" if known else NO_RECIPE
        if chosen in known:
            hint = f"{_what_it_does(known[chosen], known)} {known[chosen].note}".strip()
        return Offer(recipe_fields(fields, known, flow.recipes, chosen), inputs, hint, library)
    if kind.id == MODEL:
        known_models = models(space.models)
        hint = next((_model_hint(each) for each in known_models if place(each) == chosen), "")
        if chosen == SAMPLE:
            hint = SAMPLE_HINT
        return Offer(model_fields(fields, known_models, chosen), kind.inputs, hint)
    if kind.id == SOURCE_INFO:
        labelled = tuple(replace(each, label="What to add") if each.name == "fields" else each for each in fields)
        hint = f"It stands directly behind {titles(flow)[after]}." if after in flow.sources and after else ""
        return Offer(labelled, kind.inputs, hint)
    return Offer(fields, kind.inputs)


def recipe_fields(
    fields: Sequence[FormField], recipes: Mapping[str, Recipe], own: Mapping[str, Recipe], chosen: str
) -> tuple[FormField, ...]:
    """The recipe as a choice of those there are, and a field for each parameter of the one that is chosen."""
    names = [*own, *(each for each in recipes if each not in own)]
    labels = {id: _recipe_label(recipes[id], own=id in own) for id in names}
    picked = recipes.get(chosen)
    inner = tuple(_parameter(name, each) for name, each in picked.parameters.items()) if picked else ()
    found = []
    for each in fields:
        if each.name == "recipe":
            found.append(replace(_choice(each, labels, chosen), help=RECIPE_HELP))
        elif each.name == "parameters":
            found.append(replace(each, widget="group", fields=inner, of=chosen))
    return tuple(found)


def model_fields(fields: Sequence[FormField], known: Sequence[SavedModel], chosen: str) -> tuple[FormField, ...]:
    """The model as a choice of those of the workspace, the small sample last."""
    labels = {place(each): _model_label(each) for each in known}
    labels[SAMPLE] = "A small sample"
    found = []
    for each in fields:
        if each.name == "model":
            found.append(replace(_choice(each, labels, chosen), help=MODEL_HELP))
        elif each.name == "outputs":
            found.append(replace(each, label="What to add", labels=OUTPUTS))
        else:
            found.append(each)
    return tuple(found)


def _choice(field: FormField, labels: Mapping[str, str], chosen: str) -> FormField:
    """A choice of what there is; what was chosen before and is gone stays, so that one sees what it was."""
    gone = {chosen: f"{chosen} (not there any more)"} if chosen and chosen not in labels else {}
    options = {**labels, **gone}
    return replace(field, widget="choice", options=tuple(options), labels=options)


def _recipe_label(recipe: Recipe, *, own: bool) -> str:
    return recipe.name if own else f"{recipe.name} (library)"


def _what_it_does(recipe: Recipe, recipes: Mapping[str, Recipe]) -> str:
    titles = [step_title(Flow(recipes=recipes), each) for each in recipe.steps.values()]
    more = f" and {len(titles) - SHOWN} more" if len(titles) > SHOWN else ""
    return f"{size(recipe)[:1].upper()}{size(recipe)[1:]}: {', '.join(titles[:SHOWN])}{more}."


def place(model: SavedModel) -> str:
    """Where a model is, for a flow of the same workspace."""
    return f"models/{model.id}"


def _model_hint(model: SavedModel) -> str:
    result = model.facts.result
    return f"Predicts {result.problem.target}. {said(result.score)}. Built {built_at(model.facts.built_at)}."


def _model_label(model: SavedModel) -> str:
    result = model.facts.result
    return f"{model.facts.name} · {result.problem.target} · {result.score.value:.2f}"


def _parameter(name: str, parameter: Parameter) -> FormField:
    """A parameter of a recipe, which has the default of the recipe."""
    number = parameter.type == "number"
    return FormField(
        name,
        "number" if number else "text",
        label_of(name),
        parameter.help or "A value that the steps of the recipe use.",
        default=parameter.default,
        types=frozenset({"integer", "number"}) if number else frozenset({"string"}),
        hint={"pattern": "regex", "datetime": "datetime"}.get(parameter.type, ""),
    )

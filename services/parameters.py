"""Parameters declared once: type, default, valid range, values worth searching, one line of help.

The web form, the command line, the optimiser, the saved run and the error messages all read the
same declaration, a pydantic model beside its strategy.
"""

import types
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo

from services.errors import InvalidParams, did_you_mean

_FINITE = ConfigDict(allow_inf_nan=False)


class Parameters(BaseModel):
    """Base of every declaration: frozen, no unknown names, finite numbers only."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def param(
    default: Any,
    help: str,  # noqa: A002  (the field's own word for it, as in argparse)
    *,
    ge: float | None = None,
    le: float | None = None,
    search: tuple = (),
) -> Any:
    """Declare one parameter; `search` lists the values that an optimiser tries first."""
    return Field(
        default,
        description=help,
        ge=ge,
        le=le,
        json_schema_extra={"search": list(search)},
    )


def ordered(lower: str, upper: str) -> Any:
    """Declare, within a model, that one parameter must be below another."""

    def check(self):
        low, high = getattr(self, lower), getattr(self, upper)
        if low >= high:
            raise ValueError(f"{lower} must be below {upper}, not {low:g} and {high:g}.")
        return self

    check.order = (lower, upper)
    return model_validator(mode="after")(check)


def orders_of(model: type[Parameters]) -> tuple[tuple[str, str], ...]:
    """List the pairs of parameters of which the first must be below the second."""
    checks = model.__pydantic_decorators__.model_validators.values()
    return tuple(check.func.order for check in checks if hasattr(check.func, "order"))


def has_other_checks(model: type[Parameters]) -> bool:
    """Tell whether a model checks its values together in ways that `orders_of` does not list."""
    decorators = model.__pydantic_decorators__
    checks = len(decorators.model_validators) + len(decorators.root_validators)
    return bool(decorators.field_validators or decorators.validators) or checks > len(
        orders_of(model)
    )


class OutOfRange(InvalidParams):
    """A value is of the right type, and beyond what its parameter allows."""


_BEYOND = ("greater_than_equal", "less_than_equal")


def check_value(model: type[Parameters], name: str, value: Any, owner: str) -> Any:
    """Return one value as its parameter holds it; raise InvalidParams as the whole model would."""
    if name not in model.model_fields:
        model_error = {"loc": (name,), "type": "extra_forbidden", "input": value}
        raise InvalidParams(_sentence(model_error, model, owner), field=name)
    try:
        return _adapter(model, name).validate_python(value)
    except ValidationError as error:
        first = error.errors()[0] | {"loc": (name,)}
        kind = OutOfRange if first["type"] in _BEYOND else InvalidParams
        raise kind(_sentence(first, model, owner), field=name) from error


@cache
def _adapter(model: type[Parameters], name: str) -> TypeAdapter:
    field = model.model_fields[name]
    kind = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    return TypeAdapter(kind, config=_FINITE)


@dataclass(frozen=True)
class ParameterSpec:
    """What a form or a help text needs to know of one parameter."""

    name: str
    kind: type
    default: Any
    minimum: float | None
    maximum: float | None
    choices: tuple[str, ...]
    search: tuple
    help: str

    @property
    def label(self) -> str:
        """The name as a person reads it."""
        return self.name.replace("_", " ").capitalize()

    @property
    def span(self) -> str:
        """The valid range in words, or an empty string."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.minimum is None and self.maximum is None:
            return ""
        if self.maximum is None:
            return f"{self.minimum:g} or more"
        if self.minimum is None:
            return f"{self.maximum:g} or less"
        return f"{self.minimum:g} to {self.maximum:g}"


def parameter_specs(model: type[BaseModel]) -> tuple[ParameterSpec, ...]:
    """List a declaration's parameters in their order."""
    return tuple(_spec(name, field) for name, field in model.model_fields.items())


def _spec(name: str, field: FieldInfo) -> ParameterSpec:
    kind, choices = _kind(field.annotation)
    bounds = {
        key: getattr(rule, key)
        for rule in field.metadata
        for key in ("ge", "le")
        if hasattr(rule, key)
    }
    return ParameterSpec(
        name=name,
        kind=kind,
        default=field.default,
        minimum=bounds.get("ge"),
        maximum=bounds.get("le"),
        choices=choices,
        search=tuple((field.json_schema_extra or {}).get("search", ())),
        help=field.description or "",
    )


def _kind(annotation: Any) -> tuple[type, tuple[str, ...]]:
    if get_origin(annotation) is Literal:
        return str, get_args(annotation)
    if get_origin(annotation) in (Union, types.UnionType):
        return _kind(next(a for a in get_args(annotation) if a is not type(None)))
    return annotation, ()


Model = TypeVar("Model", bound=Parameters)


def build_parameters(model: type[Model], values: Mapping[str, Any], owner: str) -> Model:
    """Check values against a declaration; raise InvalidParams with one sentence for the first."""
    try:
        return model(**values)
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidParams(
            _sentence(first, model, owner), field=_field_of(first, model)
        ) from error


def _field_of(error: Mapping[str, Any], model: type[Parameters]) -> str | None:
    if error["loc"]:
        return str(error["loc"][0])
    # A rule over several parameters names the one to mend first.
    named = _words(error).split()[0]
    return named if named in model.model_fields else None


def _words(error: Mapping[str, Any]) -> str:
    return error["msg"].removeprefix("Value error, ")


def _sentence(error: Mapping[str, Any], model: type[Parameters], owner: str) -> str:
    if not error["loc"]:
        return f"{owner}: {_words(error)}"
    name = str(error["loc"][0])
    specs = {spec.name: spec for spec in parameter_specs(model)}
    if error["type"] == "extra_forbidden":
        known = f"it takes {', '.join(specs)}" if specs else "it takes no parameters"
        return f'{owner} has no parameter "{name}": {known}.{did_you_mean(name, specs)}'
    spec = specs[name]
    kind = {int: "a whole number", float: "a number", bool: "true or false"}.get(spec.kind, "")
    wanted = ", ".join(part for part in (kind, spec.span) if part)
    return f"{owner}: {name} must be {wanted}, not {str(error['input'])[:40]!r}."

"""The JSON interface's description (OpenAPI 3.1), made of ``operations`` and the types it names. Pure.

Must not know: how anything is carried out.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

import msgspec

from portal.console.operations import OPERATIONS, Operation
from portal.console.problems import MEDIA, Problem

_PARAMETER = re.compile(r"<([a-z_]+)>")
_SCHEMAS = "#/components/schemas/"
_REFERENCES = f"{_SCHEMAS}{{name}}"
_NAMES = {"portal.console.jobs.State": "ExtractState", "portal.console.lights.State": "LightState"}
"""Of types that are called alike here."""


def description(version: str) -> dict[str, Any]:
    """The whole, for the encoder."""
    operations = OPERATIONS.values()
    spoken = [kind for each in operations for kind in (each.answer, each.body) if kind]
    _, schemas = msgspec.json.schema_components([Problem, *dict.fromkeys(spoken)], ref_template=_REFERENCES)
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        paths.setdefault(_PARAMETER.sub(r"{\1}", each.path), {})[each.method.lower()] = _operation(each)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Qaqpa", "version": version, "description": "One venue's gateway, for programs."},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": _plain(schemas),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "Made by the owner, for some scopes."}
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        # OpenAPI 3.1 lets roles stand here for any kind of security.
        "security": [{"token": [operation.scope.value]}] if operation.scope else [],
        "responses": {str(operation.status): _answer(operation)},
    }
    if operation.scope:
        told["responses"] |= {str(status): _problem(status) for status in _problems(operation)}
    if parameters := [*_in_path(operation), *_in_query(operation)]:
        told["parameters"] = parameters
    if operation.body:
        schema = {"$ref": _REFERENCES.format(name=operation.body.__name__)}
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return told


def _answer(operation: Operation) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": operation.gives}
    if operation.answer:
        schema = {"$ref": _REFERENCES.format(name=operation.answer.__name__)}
        answer["content"] = {"application/json": {"schema": schema}}
    elif operation.media:
        answer["content"] = {operation.media: {}}
    if operation.status == HTTPStatus.ACCEPTED:
        answer["headers"] = {"Location": {"schema": {"type": "string"}}}
    return answer


def _problems(operation: Operation) -> list[int]:
    """What else it may answer."""
    statuses = {401, 403, 429, 503}
    if operation.query or operation.body:
        statuses |= {400, 422}
    if operation.body:
        statuses |= {413, 415}
    if _PARAMETER.search(operation.path):
        statuses |= {404, 422}
    return sorted(statuses)


def _problem(status: int) -> dict[str, Any]:
    schema = {"$ref": _REFERENCES.format(name=Problem.__name__)}
    return {"description": HTTPStatus(status).phrase, "content": {MEDIA: {"schema": schema}}}


def _in_path(operation: Operation) -> list[dict[str, Any]]:
    names = _PARAMETER.findall(operation.path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _in_query(operation: Operation) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    _, schemas = msgspec.json.schema_components([operation.query], ref_template=_REFERENCES)
    properties = schemas[operation.query.__name__]["properties"]
    return [{"name": name, "in": "query", "schema": _inlined(each, schemas)} for name, each in properties.items()]


def _inlined(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """A parameter's own schema: nothing else refers to what only parameters use."""
    reference = schema.get("$ref", "").rpartition("/")[2]
    rest = {key: value for key, value in schema.items() if key != "$ref"}
    plain: dict[str, Any] = _plain({**schemas[reference], **rest} if reference else schema)
    return plain


def _plain(schema: Any) -> Any:
    r"""The same as JSON, with our own names for types, and ``$`` for Python's ``\Z``, which JSON Schema's expressions
    (ECMA-262) do not know."""
    match schema:
        case dict():
            return {_NAMES.get(key, key): _plain(each) for key, each in schema.items()}
        case list() | tuple():
            return [_plain(each) for each in schema]
        case str():
            name = schema.removeprefix(_SCHEMAS)
            return _SCHEMAS + _NAMES[name] if name in _NAMES else schema.replace(r"\Z", "$")
    return schema

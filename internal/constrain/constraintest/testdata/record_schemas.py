"""Schemas as programs write them: of pydantic's models, with the JSON that
pydantic makes of polyfactory's instances, and of the parameters of tools."""

import random
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Dict, List, Literal, Optional, Tuple, Union
from uuid import UUID

from polyfactory.factories.pydantic_factory import ModelFactory
from pydantic import AnyUrl, BaseModel, ConfigDict, EmailStr, Field, HttpUrl, RootModel


class Colour(str, Enum):
    red = "red"
    green = "green"
    blue = "bleu foncé"


class Priority(IntEnum):
    low = 1
    high = 10


class Address(BaseModel):
    street: str = Field(min_length=1, max_length=80)
    city: str
    postcode: str = Field(pattern=r"^[0-9]{5}(-[0-9]{4})?$")
    country: Literal["DE", "FR", "US"] = "DE"


class Person(BaseModel):
    name: str = Field(description="Full name", min_length=1)
    age: Optional[int] = Field(None, ge=0, le=150)
    email: EmailStr
    addresses: List[Address] = Field(default_factory=list, max_length=3)
    tags: Dict[str, str] = {}


class StrictPerson(Person):
    model_config = ConfigDict(extra="forbid")
    id: UUID
    born: Optional[date] = None
    seen: datetime


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = Field(ge=1, le=9)
    colour: Colour


class Dog(BaseModel):
    kind: Literal["dog"]
    weight: float = Field(gt=0, lt=200)
    good: bool = True


class Parrot(BaseModel):
    kind: Literal["parrot", "cockatoo"]
    words: List[str]


class Owner(BaseModel):
    pets: List[Annotated[Union[Cat, Dog, Parrot], Field(discriminator="kind")]]
    favourite: Optional[Annotated[Union[Cat, Dog], Field(discriminator="kind")]] = None


class PlainUnion(BaseModel):
    value: Union[int, str, List[float], Dict[str, bool], None]
    pet: Union[Cat, Dog]


class Tree(BaseModel):
    value: float
    children: List["Tree"] = []


class Linked(BaseModel):
    item: str
    next: Optional["Linked"] = None


class Expression(BaseModel):
    op: Literal["+", "-", "*", "/"]
    left: Union["Expression", float]
    right: Union["Expression", float]


class Measurement(BaseModel):
    ratio: float = Field(ge=0, le=1)
    percent: float = Field(ge=0, le=100, multiple_of=0.5)
    celsius: float = Field(gt=-273.15)
    count: int = Field(ge=0, multiple_of=5)
    port: int = Field(gt=0, lt=65536)
    offset: int
    free: float
    price: Decimal = Field(ge=0, max_digits=8, decimal_places=2)


class Times(BaseModel):
    at: datetime
    day: date
    clock: time
    length: timedelta


class Network(BaseModel):
    host: IPv4Address
    host6: IPv6Address
    url: HttpUrl
    any_url: AnyUrl
    contact: EmailStr
    key: UUID


class Shapes(BaseModel):
    point: Tuple[float, float]
    line: Tuple[Tuple[int, int], Tuple[int, int]]
    named: Tuple[str, int, bool]
    matrix: List[List[float]] = Field(min_length=1, max_length=4)


class Chat(BaseModel):
    model: str
    temperature: Optional[float] = Field(None, ge=0, le=2)
    top_p: Optional[float] = Field(None, gt=0, le=1)
    stop: Union[str, List[str], None] = None
    messages: List[Annotated[Union["UserMessage", "ToolMessage"], Field(discriminator="role")]] = Field(min_length=1)
    seed: Optional[int] = None


class UserMessage(BaseModel):
    role: Literal["user"]
    content: Union[str, List["Part"]]


class Part(BaseModel):
    type: Literal["text", "image_url"]
    text: Optional[str] = None


class ToolMessage(BaseModel):
    role: Literal["tool"]
    content: str
    tool_call_id: str = Field(pattern=r"^call_[A-Za-z0-9]{8,24}$")


class Task(BaseModel):
    title: str = Field(max_length=40)
    priority: Priority
    colour: Colour = Colour.red
    done: bool = False
    subtasks: Dict[str, "Task"] = {}


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")
    order_id: int = Field(ge=1)
    lines: List["Line"] = Field(min_length=1)
    shipping: Optional[Address] = None
    total: float = Field(ge=0)
    note: Optional[str] = Field(None, max_length=200)


class Line(BaseModel):
    sku: str = Field(pattern="^[A-Z]{3}-[0-9]{4}$")
    quantity: int = Field(ge=1, le=99)
    unit_price: float = Field(gt=0)


class Coordinates(RootModel):
    root: Dict[str, Annotated[List[Annotated[float, Field(ge=-180, le=180)]], Field(min_length=2, max_length=2)]]


class Aliased(BaseModel):
    first: str = Field(alias="first-name")
    odd: int = Field(alias='weird "name"\\/é\n')
    dollar: Optional[bool] = Field(None, alias="$ref")


MODELS = [Person, StrictPerson, Owner, PlainUnion, Tree, Linked, Expression, Measurement, Times, Network, Shapes, Chat, Task, Order, Coordinates, Aliased]


def instances(model, number):
    """Returns the JSON that pydantic makes of instances of a model."""
    ModelFactory.seed_random(3)
    random.seed(3)
    factory = ModelFactory.create_factory(model, __allow_none_optionals__=True, __min_collection_length__=0)
    out = []
    for i in range(number):
        try:
            value = factory.build()
        except Exception as e:
            print(f"not generated: polyfactory: {model.__name__}: {str(e)[:80]!r}")
            break
        out.append(value.model_dump_json(by_alias=True, indent=[None, 2][i % 2]))
    return out


def parameters(required=(), additional=None, **properties):
    out = {"type": "object", "properties": properties}
    if required:
        out["required"] = list(required)
    if additional is not None:
        out["additionalProperties"] = additional
    return out


STRING, INTEGER, NUMBER, BOOLEAN = ({"type": t} for t in ("string", "integer", "number", "boolean"))


def array(items, **more):
    return {"type": "array", "items": items, **more}


TOOLS = {
    "get_weather": parameters(["location"], location={"type": "string", "description": "City and state, e.g. San Francisco, CA"}, unit={"type": "string", "enum": ["celsius", "fahrenheit"]}),
    "search": parameters(["query", "limit"], False, query={"type": "string", "minLength": 1}, limit={"type": "integer", "minimum": 1, "maximum": 100}, filters={"type": ["object", "null"], "additionalProperties": STRING}),
    "calculate": parameters(["expression"], expression={"type": "string", "pattern": r"^[0-9+*/(). -]+$"}),
    "create_event": parameters(["title", "start", "attendees"], False, title=STRING, start={"type": "string", "format": "date-time"}, end={"type": ["string", "null"], "format": "date-time"}, attendees=array({"type": "string", "format": "email"}, maxItems=5)),
    "send_money": parameters(["to", "amount"], False, to={"type": "string", "format": "uuid"}, amount={"type": "number", "exclusiveMinimum": 0, "maximum": 10000, "multipleOf": 0.01}, currency={"enum": ["EUR", "USD"]}),
    "plot": parameters(["points"], points=array(array(NUMBER, minItems=2, maxItems=2), minItems=1), log={"type": "boolean", "default": False}),
    "strict steps": {"type": "object", "properties": {"steps": array({"type": "object", "properties": {"explanation": STRING, "output": STRING}, "required": ["explanation", "output"], "additionalProperties": False}), "final_answer": STRING}, "required": ["steps", "final_answer"], "additionalProperties": False},
    "strict ui": {"type": "object", "properties": {"type": {"type": "string", "enum": ["div", "button", "field"]}, "label": STRING, "children": array({"$ref": "#"}), "attributes": array({"type": "object", "properties": {"name": STRING, "value": STRING}, "additionalProperties": False, "required": ["name", "value"]})}, "required": ["type", "label", "children", "attributes"], "additionalProperties": False},
    "moderation": parameters(["categories"], False, categories={"type": "object", "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1}}, flagged=BOOLEAN),
    "sql": parameters(["tables"], tables={"type": "object", "patternProperties": {"^[a-z_]+$": array({"anyOf": [{"const": "*"}, {"type": "string", "pattern": "^[a-z_]+$"}]}, minItems=1)}, "additionalProperties": False, "minProperties": 1}),
    "package.json": {"type": "object", "properties": {"name": {"type": "string", "pattern": "^(?:@[a-z0-9-*~][a-z0-9-*._~]*/)?[a-z0-9-~][a-z0-9-._~]*$", "maxLength": 214}, "version": {"type": "string", "pattern": r"^[0-9]+\.[0-9]+\.[0-9]+"}, "private": BOOLEAN, "scripts": {"type": "object", "additionalProperties": STRING}, "dependencies": {"type": "object", "additionalProperties": STRING}, "keywords": array(STRING), "repository": {"anyOf": [STRING, parameters(["url"], type=STRING, url={"type": "string", "format": "uri"})]}, "engines": parameters(additional=STRING, node=STRING)}, "required": ["name", "version"]},
    "workflow": {"type": "object", "properties": {"name": STRING, "on": {"anyOf": [{"enum": ["push", "pull_request"]}, array({"enum": ["push", "pull_request"]}, minItems=1), {"type": "object", "propertyNames": {"pattern": "^(push|pull_request|schedule)$"}}]}, "jobs": {"type": "object", "minProperties": 1, "patternProperties": {"^[_a-zA-Z][a-zA-Z0-9_-]*$": {"$ref": "#/$defs/job"}}, "additionalProperties": False}}, "required": ["on", "jobs"], "additionalProperties": False, "$defs": {"job": {"type": "object", "properties": {"runs-on": STRING, "timeout-minutes": {"anyOf": [NUMBER, {"type": "string", "pattern": r"^\$\{\{(.|[\r\n])*\}\}$"}]}, "needs": {"anyOf": [STRING, array(STRING)]}, "steps": array({"type": "object", "properties": {"name": STRING, "uses": STRING, "run": STRING, "with": {"type": "object", "additionalProperties": {"anyOf": [STRING, NUMBER, BOOLEAN]}}}, "anyOf": [{"required": ["uses"]}, {"required": ["run"]}]})}, "required": ["runs-on"]}}},
    "any json": {"$defs": {"json": {"anyOf": [{"type": "null"}, BOOLEAN, NUMBER, STRING, array({"$ref": "#/$defs/json"}), {"type": "object", "additionalProperties": {"$ref": "#/$defs/json"}}]}}, "$ref": "#/$defs/json"},
    "geojson": {"type": "object", "required": ["type", "coordinates"], "oneOf": [{"properties": {"type": {"const": "Point"}, "coordinates": {"$ref": "#/$defs/position"}}}, {"properties": {"type": {"const": "LineString"}, "coordinates": array({"$ref": "#/$defs/position"}, minItems=2)}}], "$defs": {"position": array(NUMBER, minItems=2, maxItems=3)}},
    "openapi parameter": parameters(["name", "in"], name=STRING, **{"in": {"enum": ["query", "path", "header"]}, "deprecated": BOOLEAN, "schema": {"type": "object"}, "x-rate": NUMBER}),
}


def all(number):
    """Yields names, schemas, texts and values that are not text yet."""
    for model in MODELS:
        for mode in ("serialization", "validation"):
            schema = model.model_json_schema(mode=mode)
            if mode == "validation" and schema == model.model_json_schema(mode="serialization"):
                continue
            yield f"pydantic: {model.__name__}, {mode}", schema, instances(model, 2 * number), []
    for name, schema in TOOLS.items():
        yield "tools: " + name, schema, [], []

"""The program's settings: one typed object, read once from the environment and `.env`."""

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.errors import InvalidParams
from services.parameters import parameter_specs

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """What can be set from outside; every name is an environment variable in capitals."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, allow_inf_nan=False
    )

    database_url: str = Field("", description="SQLAlchemy URL; empty: a SQLite file in DATA_DIR")
    data_dir: Path = Field(Path("data"), description="where the database and the plots are kept")
    host: str = Field("127.0.0.1", description="address the dashboard listens on")
    port: int = Field(8050, ge=1, le=65535, description="port the dashboard listens on")
    ib_host: str = Field("127.0.0.1", description="address of TWS or IB Gateway")
    ib_port: int = Field(4002, ge=1, le=65535, description="port of TWS or IB Gateway")
    ib_client_id: int = Field(1, ge=0, description="client id used with the gateway")
    ib_timeout: float = Field(60, ge=0.001, description="seconds one gateway request may take")
    ib_library: Literal["ib_insync", "ib_async"] = Field(
        "ib_insync", description="client library of the gateway"
    )
    redis_url: str = Field("", description="unset: jobs run on the embedded queue")
    dask_scheduler_address: str = Field(
        "", description="unset: sweeps run on this machine; a Dask scheduler: on its workers"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="how much is logged"
    )

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_capitals(cls, level: str) -> str:
        return level.upper()

    @property
    def url(self) -> str:
        """The database's URL: DATABASE_URL, or the SQLite file under DATA_DIR."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'research.db').resolve()}"

    @property
    def plots_dir(self) -> Path:
        """The folder in which PNG reports are saved."""
        return self.data_dir / "plots"


def load_settings(**overrides) -> Settings:
    """Read the settings; raise InvalidParams with the variable's name when one is unusable."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        raise _unusable(str(first["loc"][0]), first["input"]) from error
    except UnicodeDecodeError as error:
        raise InvalidParams("The file .env cannot be read: save it as UTF-8 text.") from error


def _unusable(name: str, value: object) -> InvalidParams:
    spec = next(spec for spec in parameter_specs(Settings) if spec.name == name)
    kind = {int: "a whole number", float: "a number"}.get(spec.kind, "")
    joint = " from " if " to " in spec.span else ", "
    wanted = joint.join(part for part in (kind, spec.span) if part) or "text"
    return InvalidParams(
        f"The setting {name.upper()} must be {wanted}, not {str(value)[:40]!r}: mend it in the "
        "environment or in .env.",
        field=name.upper(),
    )

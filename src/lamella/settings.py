"""What a user may set once and for all: a small JSON file in the user's configuration folder.

Import it where a setting is needed, inside the function that needs it: it brings pydantic along, and `import lamella`
must not.
"""

from __future__ import annotations

import functools
import json
import logging
import os
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError

_LOG = logging.getLogger(__name__)
_ENVIRONMENT = {"cache_size": "LAMELLA_CACHE_SIZE", "gpu_budget": "LAMELLA_GPU_BUDGET"}


class Settings(BaseModel):
    """Preferences of the user, validated and frozen.

    Attributes
    ----------
    cache_size : int
        Hard bound of decoded image data in memory, bytes. Environment: ``LAMELLA_CACHE_SIZE``.
    gpu_budget : int
        Bound of the drawn tiles kept on the graphics card, bytes. Environment: ``LAMELLA_GPU_BUDGET``.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    cache_size: int = Field(default=1_000_000_000, ge=1)
    gpu_budget: int = Field(default=256 * 2**20, ge=1)


def settings_path() -> Path:
    """Where the settings file is, whether it exists or not."""
    return platformdirs.user_config_path("lamella", appauthor=False) / "settings.json"


@functools.cache
def get_settings() -> Settings:
    """The settings of this process, read once: the file, then the environment on top.

    A value that cannot be used is left at its default, with one warning in the log: a typing error in a file must not
    keep a viewer from opening. ``get_settings.cache_clear()`` makes the next call read again.
    """
    values: dict[str, Any] = _read_file(settings_path())
    values.update({field: os.environ[name] for field, name in _ENVIRONMENT.items() if name in os.environ})
    while True:
        try:
            return Settings.model_validate(values)
        except ValidationError as error:
            for problem in error.errors():
                field = str(problem["loc"][0])
                value = values.pop(field, None)
                _LOG.warning("the setting %s cannot be %r (%s): its default is used", field, value, problem["msg"])


def cache_size() -> int:
    """Hard bound of decoded image data in memory, bytes."""
    return get_settings().cache_size


def _read_file(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        _LOG.warning("the settings file %s cannot be read (%s): defaults are used", path, error)
        return {}
    if not isinstance(values, dict):
        _LOG.warning("the settings file %s must hold a JSON object: defaults are used", path)
        return {}
    return values

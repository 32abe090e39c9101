"""What a user may set once and for all: a small JSON file in the user's configuration folder.

`update_settings` changes it while viewers are open: they follow at once.

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
from psygnal import SignalInstance
from pydantic import BaseModel, ConfigDict, Field, ValidationError

_LOG = logging.getLogger(__name__)
_ENVIRONMENT = {"cache_size": "LAMELLA_CACHE_SIZE", "gpu_budget": "LAMELLA_GPU_BUDGET"}
_updated: dict[str, Any] = {}  # set in this process: newer than its environment

settings_changed = SignalInstance((object,), name="settings_changed")
"""Emitted with the new `Settings` by `update_settings`, on its thread."""


class Settings(BaseModel):
    """Preferences of the user, validated and frozen.

    Attributes
    ----------
    cache_size : int
        Hard bound of decoded image data in memory, bytes, for each viewer. Environment: ``LAMELLA_CACHE_SIZE``.
    gpu_budget : int
        Bound of the drawn tiles kept on the graphics card, bytes; for viewers that begin to draw from now on.
        Environment: ``LAMELLA_GPU_BUDGET``.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    cache_size: int = Field(default=1_000_000_000, ge=1)
    gpu_budget: int = Field(default=256 * 2**20, ge=1)


def settings_path() -> Path:
    """Where the settings file is, whether it exists or not."""
    return platformdirs.user_config_path("lamella", appauthor=False) / "settings.json"


@functools.cache
def get_settings() -> Settings:
    """The settings of this process, read once: the file, the environment on top, then what `update_settings` has set.

    A value that cannot be used is left at its default, with one warning in the log: a typing error in a file must not
    keep a viewer from opening. ``get_settings.cache_clear()`` makes the next call read again.
    """
    values: dict[str, Any] = _read_file(settings_path())
    values.update({field: os.environ[name] for field, name in _ENVIRONMENT.items() if name in os.environ})
    values.update(_updated)
    while True:
        try:
            return Settings.model_validate(values)
        except ValidationError as error:
            for problem in error.errors():
                field = str(problem["loc"][0])
                value = values.pop(field, None)
                _LOG.warning("the setting %s cannot be %r (%s): its default is used", field, value, problem["msg"])


def update_settings(**changes: Any) -> Settings:
    """Change settings for good: they are written to the file, and the viewers that are open follow at once.

    Parameters
    ----------
    **changes
        Fields of `Settings`.

    Returns
    -------
    Settings
        As they are now.

    Raises
    ------
    ValueError
        There is no such setting, or it cannot have that value. Nothing has changed.
    OSError
        The file cannot be written. Nothing has changed.

    Examples
    --------
    >>> update_settings(cache_size=4_000_000_000)  # doctest: +SKIP
    """
    for field in changes:
        if field not in Settings.model_fields:
            raise ValueError(f"there is no setting {field!r}; there are {', '.join(Settings.model_fields)}")
    try:
        checked = Settings.model_validate(changes)
    except ValidationError as error:
        problem = error.errors()[0]
        field = str(problem["loc"][0])
        raise ValueError(f"the setting {field} cannot be {changes[field]!r}: {problem['msg']}") from None
    values = {field: getattr(checked, field) for field in changes}
    _write_file(settings_path(), {**_read_file(settings_path()), **values})
    _updated.update(values)
    get_settings.cache_clear()
    settings = get_settings()
    settings_changed.emit(settings)
    return settings


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


def _write_file(path: Path, values: dict[str, Any]) -> None:
    """Replace the file as a whole, so that nobody ever reads half of it."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        beside.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)

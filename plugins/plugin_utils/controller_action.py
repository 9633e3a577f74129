# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the actions that run on the controller alone have in common."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible.plugins.action import ActionBase
from ansible.utils.unsafe_proxy import wrap_var


class ControllerAction(ActionBase):
    """Runs on the controller alone: no connection. Documented in the module of the same name.

    An action says what it takes (``ARGUMENTS``, an argument spec), what may go wrong (``MISTAKES``, exceptions whose text is for the user) and
    what it answers (``answer``); nothing is changed where the answer does not say so.
    """

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    ARGUMENTS: ClassVar[dict[str, dict[str, Any]]] = {}
    MISTAKES: ClassVar[tuple[type[Exception], ...]] = ()

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        _valid, options = self.validate_argument_spec(argument_spec=self.ARGUMENTS)
        try:
            result = self.answer(options, task_vars or {})
        except self.MISTAKES as error:
            result = {"failed": True, "msg": str(error)}
        # Names and titles came from servers, feeds and files: none of them is ever a template, not even before ansible-core 2.19.
        wrapped: dict[str, Any] = wrap_var({"changed": False, **result})
        return wrapped

    def answer(self, options: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Return what the task returns, ``failed`` and ``msg`` with it where it has failed."""
        raise NotImplementedError

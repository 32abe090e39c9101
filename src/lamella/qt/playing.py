"""Playing an axis in the window: the timer that keeps the deadlines, and the button beside each slider."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qtpy.QtCore import QObject, QPoint, QRectF, QSize, Qt, QTimer, Signal
from qtpy.QtGui import QMouseEvent, QPainter, QPainterPath, QPaintEvent
from qtpy.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QFrame,
    QStyle,
    QStyleOptionToolButton,
    QStylePainter,
    QToolButton,
    QWidget,
)

from lamella.model.playback import LEAST_RATE, LOOPS, MOST_RATE

DEFAULT_RATE = 10.0
TELL_MS = 500  # how often the rate that is reached is told
FALLS_SHORT = 0.95  # of the rate that is asked for: less is worth a line in the status bar
BUTTON = QSize(22, 20)


@dataclass(slots=True)
class _Wish:
    """How an axis is to be played."""

    rate: float = DEFAULT_RATE
    loop: str = LOOPS[0]


class Playing(QObject):
    """Drives the player of a viewer's first view. Owned by the main thread.

    Invariant: the timer runs while something plays, and no longer.
    """

    changed = Signal()
    """What plays, or the rate that it reaches, has changed."""
    fell_short = Signal(str)
    """A line that says what is asked for and what is reached; empty where the rate is kept."""

    def __init__(self, viewer: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._wishes: dict[int, _Wish] = {}  # by axis from the last: axes come and go at the front
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._teller = QTimer(self)
        self._teller.setInterval(TELL_MS)
        self._teller.timeout.connect(self._tell)
        viewer.events.playing.connect(self._follow)

    def close(self) -> None:
        """Let go of the viewer and stop the timers."""
        self._timer.stop()
        self._teller.stop()
        self._viewer.events.playing.disconnect(self._follow, missing_ok=True)

    @property
    def axis(self) -> int | None:
        """The axis that plays."""
        playback = self._viewer.playback()
        return None if playback is None else playback.axis

    @property
    def rates(self) -> tuple[float, float | None] | None:
        """Frames a second that are asked for and that are reached."""
        rates: tuple[float, float | None] | None = self._viewer.playback_rate()
        return rates

    def wish(self, axis: int) -> _Wish:
        """How ``axis`` is to be played."""
        playback = self._viewer.playback()
        if playback is not None and playback.axis == axis:
            self._wishes[self._from_last(axis)] = _Wish(playback.rate, playback.loop)
        return self._wishes.setdefault(self._from_last(axis), _Wish())

    def set_wish(self, axis: int, *, rate: float, loop: str) -> None:
        """Play ``axis`` so from now on; at once, if it plays already."""
        self._wishes[self._from_last(axis)] = _Wish(rate, loop)
        playback = self._viewer.playback()
        if playback is not None and playback.axis == axis:
            steps = (playback.first, playback.last)
            whole = steps == (0, self._viewer.dims.nsteps[axis] - 1)
            self._viewer.play(axis, rate, loop=loop, steps=None if whole else steps)
        self.changed.emit()

    def toggle(self, axis: int | None = None) -> None:
        """Play ``axis`` (the one that was used last, if not given), or stop if it plays."""
        playing = self.axis
        if playing is not None and axis in (None, playing):
            self._viewer.stop()
            return
        axis = self._viewer.dims.last_used if axis is None else axis
        if axis is not None:
            wish = self.wish(axis)
            self._viewer.play(axis, wish.rate, loop=wish.loop)

    def take_over(self, axis: int) -> None:
        """The user is about to move along ``axis`` by hand."""
        if self.axis == axis:
            self._viewer.stop()

    def _from_last(self, axis: int) -> int:
        return axis - int(self._viewer.dims.ndim)

    def _follow(self, playing: bool) -> None:
        if playing:
            self._tick()
            self._teller.start()
        else:
            self._timer.stop()
            self._teller.stop()
        self._tell()

    def _tell(self) -> None:
        self.changed.emit()
        self.fell_short.emit(shortfall(self.rates))

    def _tick(self) -> None:
        due: float | None = self._viewer.tick()
        if due is not None:
            self._timer.start(math.ceil(due * 1000))


def shortfall(rates: tuple[float, float | None] | None) -> str:
    """What is asked for and what is reached, if that is less."""
    if rates is None or rates[1] is None or rates[1] >= FALLS_SHORT * abs(rates[0]):
        return ""
    return f"{abs(rates[0]):.1f} frames/s asked, {rates[1]:.1f} reached"


class PlayButton(QToolButton):
    """Plays one axis, or stops it; the right button asks how. Owned by the main thread.

    Attributes
    ----------
    plays : bool
        Whether its axis plays.
    """

    def __init__(self, axis: int, playing: Playing, name: Callable[[], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.axis = axis
        self._playing = playing
        self._name = name
        self.plays = False
        self.setObjectName("flat")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFixedHeight(BUTTON.height())
        self.clicked.connect(self._toggle)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(lambda place: self.ask())
        playing.changed.connect(self.follow)
        self.follow()

    def follow(self) -> None:
        """Show whether the axis plays, and how fast."""
        rates = self._playing.rates if self._playing.axis == self.axis else None
        self.plays = rates is not None
        if rates is None:
            asked = f"{abs(self._playing.wish(self.axis).rate):g}"
            self.setText(f"{asked}/s")
            self.setToolTip(f"Play {self._name()}: {asked} frames a second (right click to change)")
        else:
            reached = "…" if rates[1] is None else f"{rates[1]:.1f}"
            self.setText(f"{reached}/s")
            self.setToolTip(f"Stop. {abs(rates[0]):g} frames a second asked for, {reached} reached")
        # as wide as any rate: the slider beside it must not change under the mouse
        self.setFixedWidth(BUTTON.width() + self.fontMetrics().horizontalAdvance("0000.0/s"))
        self.update()

    def ask(self) -> QWidget:
        """Open the small window that asks for rate and loop."""
        wish = self._playing.wish(self.axis)
        popup = PlayPopup(wish.rate, wish.loop, self)
        popup.chosen.connect(lambda rate, loop: self._playing.set_wish(self.axis, rate=rate, loop=loop))
        size = popup.sizeHint()
        popup.move(self.mapToGlobal(QPoint(self.width() - size.width(), -size.height())))
        popup.show()
        return popup

    def _toggle(self) -> None:
        self._playing.toggle(self.axis)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        # The right button asks; it must not press the button.
        if event.button() == Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QStylePainter(self)
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        option.text = ""
        painter.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().highlight() if self.plays else self.palette().text())
        painter.drawPath(_sign(QRectF(5, 4.5, 12, 11), self.plays))
        painter.setPen((self.palette().text() if self.plays else self.palette().placeholderText()).color())
        rect = self.rect().adjusted(BUTTON.width(), 0, 0, 0)
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.text())


class PlayPopup(QFrame):
    """Asks how an axis is to be played; it goes when something else is clicked."""

    chosen = Signal(float, str)

    def __init__(self, rate: float, loop: str, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.rate = QDoubleSpinBox()
        self.rate.setRange(-MOST_RATE, MOST_RATE)
        self.rate.setDecimals(2)
        self.rate.setValue(rate)
        self.rate.setToolTip("Negative plays backwards")
        self.rate.setKeyboardTracking(False)
        self.loop = QComboBox()
        self.loop.addItems(list(LOOPS))
        self.loop.setCurrentText(loop)
        form = QFormLayout(self)
        form.addRow("Frames a second", self.rate)
        form.addRow("At the end", self.loop)
        self.rate.valueChanged.connect(self._choose)
        self.loop.currentTextChanged.connect(self._choose)

    def _choose(self) -> None:
        if abs(self.rate.value()) >= LEAST_RATE:  # 0 is passed through on the way to negative rates
            self.chosen.emit(self.rate.value(), self.loop.currentText())


def _sign(rect: QRectF, plays: bool) -> QPainterPath:
    """Two bars, or a triangle."""
    path = QPainterPath()
    if plays:
        width = rect.width() * 0.32
        path.addRect(QRectF(rect.left(), rect.top(), width, rect.height()))
        path.addRect(QRectF(rect.right() - width - 1, rect.top(), width, rect.height()))
    else:
        path.moveTo(rect.topLeft())
        path.lineTo(rect.right(), rect.center().y())
        path.lineTo(rect.bottomLeft())
        path.closeSubpath()
    return path

"""One slider for each axis that is not displayed: name, slider, play button, step, world position.

The widgets change the dims and nothing else; the dims' events change the widgets. There are no loops, because each
side only passes on what differs from what the other one has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QEvent, QObject, QPoint, Qt, Signal
from qtpy.QtGui import QFocusEvent, QMouseEvent, QWheelEvent
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyleOptionSlider,
    QWidget,
)
from superqt import QLargeIntSpinBox

from lamella.qt.interaction import Interaction
from lamella.qt.playing import PlayButton, Playing
from lamella.qt.text import format_world, number_from

SLIDER_MAX = 2**30  # Qt's sliders are 32-bit integers; finer than any screen
NOTCH = 120


def position_of(step: int, nsteps: int) -> int:
    """Slider position of a step; the step itself while it fits."""
    last = nsteps - 1
    return step if last <= SLIDER_MAX else (step * SLIDER_MAX + last // 2) // last


def step_of(position: int, nsteps: int) -> int:
    """Step at a slider position, the inverse of `position_of` up to its resolution."""
    last = nsteps - 1
    return position if last <= SLIDER_MAX else (position * last + SLIDER_MAX // 2) // SLIDER_MAX


class AxisSlider(QSlider):
    """A slider that jumps to where it is clicked and moves one step a wheel notch.

    Qt's moves a page a click and three steps a notch.
    """

    stepped = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._notches = 0.0
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            place = event.position().toPoint()
            if not self._rect(QStyle.SubControl.SC_SliderHandle).contains(place):
                self.setValue(self._value_at(place))  # the handle is now under the cursor: Qt starts a drag
        super().mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._notches += (event.angleDelta().y() or event.angleDelta().x()) / NOTCH
        steps = int(self._notches)
        if steps:
            self._notches -= steps
            self.stepped.emit(steps)
        event.accept()

    def _rect(self, part: QStyle.SubControl) -> Any:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        return self.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, part, self)

    def _value_at(self, place: QPoint) -> int:
        groove, handle = self._rect(QStyle.SubControl.SC_SliderGroove), self._rect(QStyle.SubControl.SC_SliderHandle)
        span = groove.width() - handle.width()
        return QStyle.sliderValueFromPosition(
            self.minimum(), self.maximum(), place.x() - groove.x() - handle.width() // 2, max(span, 1)
        )


class StepBox(QLargeIntSpinBox):
    """The step as a number; unlike Qt's it holds any integer."""

    entered = Signal()
    """The user is about to type."""

    def __init__(self) -> None:
        super().__init__()  # without a parent: it asks for the focus while it is made
        self.setKeyboardTracking(False)
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.setMinimumHeight(22)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.entered.emit()
        self.selectAll()


class AxisRow(QObject):
    """The widgets of one axis, in one row of a grid. Owned by the main thread."""

    def __init__(
        self,
        axis: int,
        dims: Any,
        interaction: Interaction,
        unit: Callable[[int], str],
        playing: Playing | None,
        parent: QWidget,
    ):
        super().__init__(parent)
        self.axis = axis
        self._dims = dims
        self._interaction = interaction
        self._unit = unit
        self._playing = playing

        self.label = QLineEdit(parent)
        self.label.setObjectName("axisLabel")
        self.label.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.label.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.label.setToolTip("Name of the axis: click to change it")
        self.slider = AxisSlider(parent)
        self.slider.setMinimum(0)
        self.play = None if playing is None else PlayButton(axis, playing, self.label.text, parent)
        self.box = StepBox()
        self.box.setToolTip("Step: type one to go there")
        self.total = QLabel(parent)
        self.total.setObjectName("total")
        self.world = QLineEdit(parent)
        self.world.setObjectName("worldValue")
        self.world.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.world.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.world.setToolTip("Position in world units: type one to go there")

        self.label.editingFinished.connect(self._rename)
        self.slider.valueChanged.connect(self._slide)
        self.slider.stepped.connect(self._step_by)
        self.slider.sliderPressed.connect(self._press)
        self.slider.sliderReleased.connect(interaction.let_go)
        self.box.entered.connect(self._take_over)
        self.box.valueChanged.connect(self._go_to_step)
        self.world.editingFinished.connect(self._go_to_world)

    @property
    def widgets(self) -> tuple[QWidget, ...]:
        play = () if self.play is None else (self.play,)
        return self.label, self.slider, *play, self.box, self.total, self.world

    # ---- the model's side ----------------------------------------------------------------------------------------

    def show_range(self) -> None:
        """The number of steps has changed, or the row is new."""
        nsteps = self._dims.nsteps[self.axis]
        last = nsteps - 1
        self.slider.setMaximum(position_of(last, nsteps))
        self.slider.setPageStep(max(1, position_of(last, nsteps) // 10))
        self.box.setRange(0, last)
        self.total.setText(f"/ {last}")
        metrics = self.box.fontMetrics()
        self.box.setFixedWidth(metrics.horizontalAdvance("0" * max(len(str(last)), 3)) + 18)
        r = self._dims.range[self.axis]
        longest = max((self._world_text(v) for v in (r.start, r.stop, r.start + r.step)), key=len)
        self.world.setFixedWidth(metrics.horizontalAdvance(longest + "00") + 14)

    def show_point(self) -> None:
        step = self._dims.current_step[self.axis]
        self.slider.setValue(position_of(step, self._dims.nsteps[self.axis]))
        if self.box.value() != step:
            self.box.setValue(step)
        if not self.world.hasFocus():
            self.world.setText(self._world_text(self._dims.point[self.axis]))

    def show_label(self) -> None:
        label = self._dims.axis_labels[self.axis]
        if self.label.text() != label:
            self.label.setText(label)

    def show_used(self) -> None:
        used = self._dims.last_used == self.axis
        if self.label.property("lastUsed") != used:
            self.label.setProperty("lastUsed", used)
            self.label.style().unpolish(self.label)
            self.label.style().polish(self.label)

    def _world_text(self, value: float) -> str:
        return format_world(value, self._dims.range[self.axis].step, self._unit(self.axis))

    # ---- the user's side -----------------------------------------------------------------------------------------

    def _press(self) -> None:
        self._take_over()
        self._interaction.hold()
        self._use()

    def _take_over(self) -> None:
        if self._playing is not None:
            self._playing.take_over(self.axis)

    def _use(self) -> None:
        if self._dims.last_used != self.axis:
            self._dims.last_used = self.axis

    def _slide(self, position: int) -> None:
        nsteps = self._dims.nsteps[self.axis]
        if position_of(self._dims.current_step[self.axis], nsteps) != position:
            self._go_to_step(step_of(position, nsteps))

    def _step_by(self, steps: int) -> None:
        self._interaction.pulse()
        self._use()
        last = self._dims.nsteps[self.axis] - 1
        self._go_to_step(min(max(self._dims.current_step[self.axis] + steps, 0), last))

    def _go_to_step(self, step: int) -> None:
        if self._dims.current_step[self.axis] != step:
            self._dims.set_current_step(self.axis, step)

    def _go_to_world(self) -> None:
        value = number_from(self.world.text())
        if self.world.isModified() and value is not None:
            self._dims.set_point(self.axis, value)
        self.world.setText(self._world_text(self._dims.point[self.axis]))

    def _rename(self) -> None:
        if self.label.isModified():
            self._dims.set_axis_label(self.axis, self.label.text().strip())
        self.label.setModified(False)
        self.label.setText(self._dims.axis_labels[self.axis])


class DimsSliders(QWidget):
    """The rows of all axes that are not displayed and have more than one step. Owned by the main thread.

    Attributes
    ----------
    rows : dict of axis → AxisRow
        Of the axes that are shown, top to bottom.
    """

    def __init__(
        self,
        dims: Any,
        interaction: Interaction,
        unit: Callable[[int], str] | None = None,
        playing: Playing | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._dims = dims
        self._interaction = interaction
        self._unit = unit or (lambda axis: "")
        self._playing = playing
        self.rows: dict[int, AxisRow] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(8, 6, 8, 6)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        dims.events.changed.connect(self._follow)
        self._follow()

    def close_sliders(self) -> None:
        """Let go of the dims."""
        self._dims.events.changed.disconnect(self._follow, missing_ok=True)

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            for row in self.rows.values():
                row.show_range()
        return super().event(event)

    def _shown_axes(self) -> tuple[int, ...]:
        dims = self._dims
        return tuple(sorted(axis for axis in dims.not_displayed if dims.nsteps[axis] > 1))

    def _follow(self) -> None:
        axes = self._shown_axes()
        if tuple(self.rows) != axes:
            self._rebuild(axes)
        for row in self.rows.values():
            if row.box.maximum() != self._dims.nsteps[row.axis] - 1:
                row.show_range()
            row.show_point()
            row.show_label()
            row.show_used()
        self._fit_labels()

    def refresh_units(self) -> None:
        """The layers' units may have changed."""
        for row in self.rows.values():
            row.show_range()
            row.show_point()

    def _rebuild(self, axes: tuple[int, ...]) -> None:
        for row in self.rows.values():
            for widget in row.widgets:
                self._grid.removeWidget(widget)
                widget.hide()
                widget.deleteLater()
            row.deleteLater()
        self.rows = {}
        for place, axis in enumerate(axes):
            row = AxisRow(axis, self._dims, self._interaction, self._unit, self._playing, self)
            for column, widget in enumerate(row.widgets):
                self._grid.addWidget(widget, place, column)
            row.show_range()
            self.rows[axis] = row
        self.setVisible(bool(axes))

    def _fit_labels(self) -> None:
        """Name column: as wide as the longest name, within reason."""
        if not self.rows:
            return
        metrics = self.fontMetrics()
        width = max(metrics.horizontalAdvance(row.label.text() + "0") for row in self.rows.values()) + 14
        width = min(max(width, 28), 140)
        for row in self.rows.values():
            if row.label.width() != width:
                row.label.setFixedWidth(width)

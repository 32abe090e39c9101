"""Colours of the window: two themes, each a frozen value, and the palette and style sheet made from one."""

from __future__ import annotations

from dataclasses import dataclass

from qtpy.QtGui import QColor, QPalette


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of the window, each ``"#rrggbb"``."""

    name: str
    window: str
    panel: str
    field: str
    border: str
    text: str
    muted: str
    accent: str
    accent_text: str
    hover: str
    warning: str
    canvas: str
    canvas_text: str


DARK = Theme(
    name="dark",
    window="#20242b",
    panel="#282d35",
    field="#181b20",
    border="#3a414c",
    text="#d9dde4",
    muted="#8d96a5",
    accent="#4aa8d8",
    accent_text="#0d1216",
    hover="#333a45",
    warning="#e8a33d",
    canvas="#000000",
    canvas_text="#7d8694",
)

LIGHT = Theme(
    name="light",
    window="#f1f3f5",
    panel="#ffffff",
    field="#ffffff",
    border="#cdd3da",
    text="#20252b",
    muted="#69727f",
    accent="#1878b0",
    accent_text="#ffffff",
    hover="#e4e9ee",
    warning="#b86e00",
    canvas="#000000",
    canvas_text="#7d8694",
)

THEMES = {theme.name: theme for theme in (DARK, LIGHT)}


def palette(theme: Theme) -> QPalette:
    """The palette of ``theme``; disabled text is muted."""
    role = QPalette.ColorRole
    result = QPalette(QColor(theme.panel), QColor(theme.window))
    for key, colour in {
        role.Window: theme.window,
        role.WindowText: theme.text,
        role.Base: theme.field,
        role.AlternateBase: theme.panel,
        role.Text: theme.text,
        role.Button: theme.panel,
        role.ButtonText: theme.text,
        role.BrightText: theme.warning,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.accent_text,
        role.ToolTipBase: theme.panel,
        role.ToolTipText: theme.text,
        role.PlaceholderText: theme.muted,
        role.Link: theme.accent,
        role.Mid: theme.border,
    }.items():
        result.setColor(key, QColor(colour))
    for key in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, key, QColor(theme.muted))
    return result


def stylesheet(theme: Theme) -> str:
    """The style sheet of ``theme``. Combo boxes stay as the style draws them: a sheet would cost their arrows."""
    t = theme
    return f"""
QMainWindow, QDialog {{ background: {t.window}; color: {t.text}; }}
QMainWindow::separator {{ background: {t.window}; width: 5px; height: 5px; }}
QMainWindow::separator:hover {{ background: {t.accent}; }}
QToolTip {{ background: {t.panel}; color: {t.text}; border: 1px solid {t.border}; padding: 3px; }}

QMenuBar {{ background: {t.window}; color: {t.text}; padding: 1px 4px; }}
QMenuBar::item {{ background: transparent; padding: 4px 9px; border-radius: 4px; }}
QMenuBar::item:selected {{ background: {t.hover}; }}
QMenu {{ background: {t.panel}; color: {t.text}; border: 1px solid {t.border}; padding: 4px 0; }}
QMenu::item {{ padding: 5px 26px 5px 20px; }}
QMenu::item:selected {{ background: {t.accent}; color: {t.accent_text}; }}
QMenu::item:disabled {{ color: {t.muted}; background: transparent; }}
QMenu::separator {{ height: 1px; background: {t.border}; margin: 4px 8px; }}

QWidget#panel {{ background: {t.panel}; border-radius: 6px; }}
QLabel#panelTitle {{ color: {t.muted}; font-size: 8pt; font-weight: 600; padding: 5px 8px 2px 8px; }}
QLabel#muted, QLabel#total {{ color: {t.muted}; }}
QLabel:disabled {{ color: {t.muted}; }}

QStatusBar {{ background: {t.window}; color: {t.text}; border: none; }}
QStatusBar::item {{ border: none; }}
QLabel#notification {{ color: {t.warning}; }}

QLineEdit {{
    background: {t.field}; color: {t.text}; border: 1px solid {t.border}; border-radius: 4px; padding: 1px 4px;
    selection-background-color: {t.accent}; selection-color: {t.accent_text};
}}
QLineEdit:focus {{ border-color: {t.accent}; }}
QAbstractSpinBox QLineEdit {{ border: none; background: transparent; padding: 0; }}
QLineEdit#axisLabel, QLineEdit#worldValue, QLineEdit#limit, SliderLabel {{
    background: transparent; border: 1px solid transparent; padding: 1px 3px;
}}
QLineEdit#axisLabel:hover, QLineEdit#worldValue:hover, QLineEdit#limit:hover, SliderLabel:hover {{
    border-color: {t.border};
}}
QLineEdit#axisLabel:focus, QLineEdit#worldValue:focus, QLineEdit#limit:focus, SliderLabel:focus {{
    background: {t.field}; border-color: {t.accent};
}}
QLineEdit#worldValue {{ color: {t.muted}; }}
QLineEdit#axisLabel[lastUsed="true"] {{ color: {t.accent}; font-weight: 600; }}

QListView#layers {{ background: {t.panel}; border: none; outline: none; padding: 2px; }}

QSlider {{ min-height: 18px; background: transparent; }}
QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {t.border}; }}
QSlider::sub-page:horizontal {{ height: 4px; border-radius: 2px; background: {t.accent}; }}
QSlider::handle:horizontal {{
    width: 12px; height: 12px; margin: -4px 0; border-radius: 6px; background: {t.text};
}}
QSlider::handle:horizontal:hover {{ background: {t.accent}; }}
QSlider::sub-page:horizontal:disabled, QSlider::handle:horizontal:disabled {{ background: {t.border}; }}
QRangeSlider {{ qproperty-barColor: {t.accent}; }}

QToolButton, QPushButton {{
    background: {t.panel}; color: {t.text}; border: 1px solid {t.border}; border-radius: 4px; padding: 2px 8px;
}}
QToolButton:hover, QPushButton:hover {{ background: {t.hover}; }}
QToolButton:pressed, QPushButton:pressed, QToolButton:checked {{ background: {t.accent}; color: {t.accent_text}; }}
QToolButton:disabled, QPushButton:disabled {{ color: {t.muted}; }}
QToolButton#small {{ font-size: 8pt; padding: 0px 7px; }}
QToolButton#flat {{ border: none; background: transparent; padding: 2px; }}
QToolButton#flat:hover {{ background: {t.hover}; }}

QScrollBar:vertical {{ background: transparent; width: 9px; margin: 0; }}
QScrollBar::handle:vertical {{ background: {t.border}; border-radius: 4px; min-height: 24px; }}
QScrollBar:horizontal {{ background: transparent; height: 9px; margin: 0; }}
QScrollBar::handle:horizontal {{ background: {t.border}; border-radius: 4px; min-width: 24px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
"""

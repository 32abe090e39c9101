"""LayerList: unique names, order, and a selection that follows."""

import gc
import weakref

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from lamella.model.layer_list import LayerList
from lamella.model.layers.image import Image


def image(name="a"):
    return Image(np.zeros((4, 4), np.uint8), name=name)


def names(layers):
    return [layer.name for layer in layers]


def record(layers):
    log = []
    layers.events.inserted.connect(lambda i, layer: log.append(("inserted", i, layer.name)))
    layers.events.removed.connect(lambda i, layer: log.append(("removed", i, layer.name)))
    layers.events.moved.connect(lambda a, b, layer: log.append(("moved", a, b, layer.name)))
    layers.events.reordered.connect(lambda order: log.append(("reordered", names(order))))
    layers.selection.events.changed.connect(lambda s: log.append(("selection", names(s))))
    layers.selection.events.active.connect(lambda a: log.append(("active", a and a.name)))
    return log


# ---- names -----------------------------------------------------------------------------------------------------------


def test_a_name_that_is_taken_gets_a_number():
    layers = LayerList([image("a"), image("a"), image("a"), image("a [1]")])
    assert names(layers) == ["a", "a [1]", "a [2]", "a [3]"]


def test_renaming_to_a_taken_name_gets_a_number_in_one_event():
    layers = LayerList([image("a"), image("b")])
    log = []
    layers[1].events.name.connect(log.append)
    layers["b"].name = "a"
    assert log == ["a [1]"]
    layers[1].name = "a"
    layers[1].name = "a [1]"
    assert log == ["a [1]"]


def test_a_removed_layer_may_take_any_name():
    layers = LayerList([image("a"), image("b")])
    b = layers.pop()
    b.name = "a"
    assert b.name == "a"


def test_layers_are_found_by_name_index_and_slice():
    layers = LayerList([image("a"), image("b"), image("c")])
    assert layers["b"] is layers[1] is layers[-2]
    assert names(layers[1:]) == ["b", "c"]
    assert "c" in layers
    assert "d" not in layers
    assert layers[0] in layers
    assert layers.index("c") == layers.index(layers[2]) == 2


# ---- order -----------------------------------------------------------------------------------------------------------


def test_events_tell_what_happened_after_it_has_happened():
    layers = LayerList()
    log = record(layers)
    layers.append(image("a"))
    layers.insert(0, image("b"))
    assert log == [
        ("inserted", 0, "a"),
        ("selection", ["a"]),
        ("active", "a"),
        ("inserted", 0, "b"),
        ("selection", ["b"]),
        ("active", "b"),
    ]
    log.clear()
    layers.move("b", 1)
    layers.move(0, 0)
    layers.reverse()
    layers.reorder(list(layers))
    assert log == [("moved", 0, 1, "b"), ("reordered", ["a", "b"]), ("reordered", ["b", "a"])]
    log.clear()
    del layers["b"]
    layers.clear()
    assert log == [
        ("removed", 0, "b"),
        ("selection", ["a"]),
        ("active", "a"),
        ("removed", 0, "a"),
        ("selection", []),
        ("active", None),
    ]


def test_a_moved_layer_ends_at_its_destination():
    layers = LayerList([image(c) for c in "abcd"])
    layers.move(0, 2)
    assert names(layers) == list("bcad")
    layers.move("d", 0)
    assert names(layers) == list("dbca")
    layers.move(layers["a"], -3)
    assert names(layers) == list("dabc")


def test_putting_a_layer_in_the_place_of_another():
    layers = LayerList([image("a"), image("b")])
    new = image("c")
    layers[0] = new
    assert names(layers) == ["c", "b"]
    layers[0] = new
    assert names(layers) == ["c", "b"]


def test_the_state_is_whole_when_a_listener_hears_of_it():
    layers = LayerList([image("a"), image("b")])
    seen = []
    layers.events.removed.connect(lambda i, layer: seen.append((layer in layers.selection, names(layers.selection))))
    layers.selection.active = layers["b"]
    del layers["b"]
    assert seen == [(False, ["a"])]


def test_a_list_keeps_no_layer_alive_that_is_removed():
    layers = LayerList([image("a"), image("b")])
    ref = weakref.ref(layers["b"])
    del layers["b"]
    gc.collect()
    assert ref() is None


# ---- selection -------------------------------------------------------------------------------------------------------


def test_the_only_selected_layer_is_the_active_one():
    layers = LayerList([image(c) for c in "abc"])
    selection = layers.selection
    assert selection.active is layers["c"]
    selection.add(layers["a"])
    assert selection.active is None
    assert names(selection) == ["a", "c"]
    selection.toggle(layers["c"])
    assert selection.active is layers["a"]
    selection.clear()
    assert selection.active is None
    selection.active = layers["b"]
    assert list(selection) == [layers["b"]]
    selection.active = None
    assert not selection


def test_an_equal_selection_emits_nothing():
    layers = LayerList([image(c) for c in "abc"])
    log = record(layers)
    layers.selection.active = layers["c"]
    layers.selection.replace([layers["c"]])
    layers.selection.discard(layers["a"])
    assert log == []


def test_removing_a_selected_layer_keeps_the_others_selected():
    layers = LayerList([image(c) for c in "abc"])
    layers.selection.replace(layers)
    del layers["b"]
    assert names(layers.selection) == ["a", "c"]


def test_when_the_active_layer_goes_its_neighbour_below_takes_over():
    layers = LayerList([image(c) for c in "abc"])
    layers.selection.active = layers["b"]
    del layers["b"]
    assert layers.selection.active is layers["a"]
    del layers["a"]
    assert layers.selection.active is layers["c"]


# ---- bad input -------------------------------------------------------------------------------------------------------


def test_what_cannot_be_added_is_refused_before_anything_changes():
    layers, other = LayerList([image("a"), image("b")]), LayerList([image("a")])
    log = record(layers)
    with pytest.raises(TypeError, match="only layers can be added"):
        layers.append(np.zeros((4, 4)))
    with pytest.raises(ValueError, match="in the list already: use move"):
        layers.append(layers[0])
    with pytest.raises(ValueError, match="in another list"):
        layers.append(other[0])
    with pytest.raises(ValueError, match="in another list"):
        layers[0] = other[0]
    with pytest.raises(TypeError, match="at once"):
        layers[:] = []
    with pytest.raises(KeyError, match="no layer is named 'z'"):
        layers["z"]
    with pytest.raises(IndexError, match="there is no layer 5"):
        layers[5]
    with pytest.raises(ValueError, match="not in the list"):
        layers.remove(other[0])
    with pytest.raises(ValueError, match="each layer of the list exactly once"):
        layers.reorder([layers[0], layers[0]])
    with pytest.raises(ValueError, match="cannot be selected"):
        layers.selection.add(other[0])
    with pytest.raises(ValueError, match="name must not be empty"):
        layers[0].name = ""
    assert names(layers) == ["a", "b"]
    assert log == []


# ---- any order of changes --------------------------------------------------------------------------------------------


class AnyOrderOfChanges(RuleBasedStateMachine):
    """Names stay unique, the selection stays inside the list and events alone tell the order of the layers."""

    def __init__(self):
        super().__init__()
        self.layers = LayerList()
        self.told, self.selected, self.active = [], [], None
        self.layers.events.inserted.connect(lambda i, layer: self.told.insert(i, layer))
        self.layers.events.removed.connect(lambda i, layer: self.told.pop(i))
        self.layers.events.reordered.connect(lambda order: self.told.__setitem__(slice(None), order))
        self.layers.selection.events.changed.connect(lambda s: setattr(self, "selected", set(s)))
        self.layers.selection.events.active.connect(lambda a: setattr(self, "active", a))

    @rule(index=st.integers(-9, 9), name=st.sampled_from(["a", "b", "a [1]", "[1]", "a [1] [1]"]))
    def insert(self, index, name):
        if len(self.layers) < 8:
            self.layers.insert(index, image(name))

    @rule(data=st.data(), name=st.sampled_from(["a", "b", "a [1]"]))
    def rename(self, data, name):
        if self.layers:
            data.draw(st.sampled_from(list(self.layers))).name = name

    @rule(data=st.data())
    def remove(self, data):
        if self.layers:
            del self.layers[data.draw(st.sampled_from(list(self.layers))).name]

    @rule(data=st.data())
    def move(self, data):
        if self.layers:
            places = st.integers(0, len(self.layers) - 1)
            layer, target = self.layers[data.draw(places)], data.draw(places)
            self.layers.move(layer, target)
            assert self.layers[target] is layer

    @rule(data=st.data())
    def select(self, data):
        if self.layers:
            self.layers.selection.replace(data.draw(st.sets(st.sampled_from(list(self.layers)))))

    @rule()
    def clear(self):
        self.layers.clear()

    @invariant()
    def names_are_unique(self):
        assert len(set(names(self.layers))) == len(self.layers)

    @invariant()
    def selected_layers_are_in_the_list(self):
        assert set(self.layers.selection) <= set(self.layers)
        assert len(list(self.layers.selection)) == len(self.layers.selection)

    @invariant()
    def events_tell_all(self):
        assert self.told == list(self.layers)
        assert set(self.selected) == set(self.layers.selection)
        assert self.active is self.layers.selection.active


TestAnyOrderOfChanges = AnyOrderOfChanges.TestCase
TestAnyOrderOfChanges.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)

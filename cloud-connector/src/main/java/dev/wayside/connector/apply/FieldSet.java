// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apply;

import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A set of paths into an object, in the form of {@code fieldsV1}. A path to a container says
 * nothing of what is inside it. Immutable.
 */
public final class FieldSet {
    public static final FieldSet NONE = new FieldSet(false, Map.of());
    static final FieldSet LEAF = new FieldSet(true, Map.of());
    private static final String SELF = ".";

    // Whether the path to this node is in the set. Nodes that lead to no path do not exist.
    private final boolean member;
    private final Map<String, FieldSet> children;

    private FieldSet(boolean member, Map<String, FieldSet> children) {
        this.member = member;
        this.children = children;
    }

    static FieldSet node(boolean member, Map<String, FieldSet> children) {
        if (children.isEmpty()) {
            return member ? LEAF : NONE;
        }
        return new FieldSet(member, Collections.unmodifiableMap(children));
    }

    /** The set of one path. */
    static FieldSet of(String... elements) {
        FieldSet set = LEAF;
        for (int i = elements.length - 1; i >= 0; i--) {
            set = new FieldSet(false, Map.of(elements[i], set));
        }
        return set;
    }

    /**
     * Reads {@code fieldsV1}.
     *
     * @throws IllegalArgumentException if it is malformed
     */
    public static FieldSet parse(JsonObject fieldsV1) {
        return parseNode(fieldsV1).withMember(false);
    }

    private static FieldSet parseNode(JsonObject json) {
        if (json.isEmpty()) {
            return LEAF;
        }
        Map<String, FieldSet> children = new TreeMap<>();
        json.members()
                .forEach(
                        (name, value) -> {
                            if (!(value instanceof JsonObject inner)) {
                                throw new IllegalArgumentException("fields must be objects");
                            }
                            if (!name.equals(SELF)) {
                                children.put(Elements.canonical(name), parseNode(inner));
                            }
                        });
        return node(json.has(SELF), children);
    }

    /** Writes {@code fieldsV1}. */
    public JsonObject json() {
        JsonObject.Builder json = JsonObject.builder();
        if (member && !children.isEmpty()) {
            json.put(SELF, JsonObject.EMPTY);
        }
        children.forEach((element, child) -> json.put(element, child.json()));
        return json.build();
    }

    public boolean isEmpty() {
        return !member && children.isEmpty();
    }

    boolean member() {
        return member;
    }

    boolean hasChildren() {
        return !children.isEmpty();
    }

    Map<String, FieldSet> children() {
        return children;
    }

    /** What the set says of what is inside of one step; {@link #NONE} if nothing. */
    FieldSet child(String element) {
        FieldSet child = children.get(element);
        return child == null ? NONE : child;
    }

    FieldSet withMember(boolean wanted) {
        return wanted == member ? this : node(wanted, children);
    }

    public FieldSet union(FieldSet other) {
        if (other.isEmpty()) {
            return this;
        }
        if (isEmpty()) {
            return other;
        }
        Map<String, FieldSet> all = new TreeMap<>(children);
        other.children.forEach((element, child) -> all.merge(element, child, FieldSet::union));
        return node(member || other.member, all);
    }

    /** Without the paths of the other set; what is inside of them stays. */
    public FieldSet difference(FieldSet other) {
        if (other.isEmpty() || isEmpty()) {
            return this;
        }
        return combine(other, member && !other.member, FieldSet::difference, true);
    }

    public FieldSet intersection(FieldSet other) {
        return combine(other, member && other.member, FieldSet::intersection, false);
    }

    /** Without the paths of the other set and all that is inside of them. */
    FieldSet without(FieldSet other) {
        if (other.member) {
            return NONE;
        }
        return other.isEmpty() ? this : combine(other, member, FieldSet::without, true);
    }

    private interface Operation {
        FieldSet on(FieldSet one, FieldSet other);
    }

    private FieldSet combine(
            FieldSet other, boolean memberThen, Operation operation, boolean keepAlone) {
        Map<String, FieldSet> kept = new TreeMap<>();
        children.forEach(
                (element, child) -> {
                    FieldSet counterpart = other.children.get(element);
                    FieldSet result =
                            counterpart != null
                                    ? operation.on(child, counterpart)
                                    : keepAlone ? child : NONE;
                    if (!result.isEmpty()) {
                        kept.put(element, result);
                    }
                });
        return node(memberThen, kept);
    }

    /** The paths as messages show them, for instance {@code .spec.containers[name="a"].image}. */
    public List<String> paths() {
        List<String> paths = new ArrayList<>();
        collect("", paths);
        return paths;
    }

    private void collect(String prefix, List<String> paths) {
        if (member) {
            paths.add(prefix);
        }
        children.forEach(
                (element, child) -> child.collect(prefix + Elements.print(element), paths));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof FieldSet set
                && member == set.member
                && children.equals(set.children);
    }

    @Override
    public int hashCode() {
        return children.hashCode() * 2 + (member ? 1 : 0);
    }

    @Override
    public String toString() {
        return json().toJson();
    }

    /** All that a value holds, as its applier owns it. */
    public static FieldSet of(Json value, Shape shape) {
        return FieldsOf.all(value, shape);
    }

    /** Collects paths. Not safe for use by several threads. */
    static final class Builder {
        private boolean member;
        private final Map<String, Builder> children = new TreeMap<>();

        void add(Path path) {
            at(path).member = true;
        }

        private Builder at(Path path) {
            Path parent = path.parent();
            return parent == null
                    ? this
                    : at(parent).children.computeIfAbsent(path.element(), name -> new Builder());
        }

        FieldSet build() {
            Map<String, FieldSet> built = new TreeMap<>();
            children.forEach((element, child) -> built.put(element, child.build()));
            return node(member, built);
        }
    }

    /** A path by its last step; the root has no parent. */
    record Path(@Nullable Path parent, String element) {
        static final Path ROOT = new Path(null, "");

        Path to(String element) {
            return new Path(this, element);
        }
    }
}

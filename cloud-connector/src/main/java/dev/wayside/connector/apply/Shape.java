// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apply;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How the parts of a value are owned and merged: as a whole, member by member, or item by item.
 * Immutable, and safe for any thread; types that contain themselves are possible, because what is
 * inside is asked for when it is needed.
 */
public final class Shape {

    /** How a value is divided among its owners. */
    public enum Relation {
        /** Not at all: scalars, and lists and objects that are replaced as one. */
        WHOLE,
        /** An object, by member. */
        MEMBERS,
        /** A list of objects, by some of their members. */
        KEYED,
        /** A list of scalars, each there once. */
        SET,
        /** Nobody knows: objects by member, all else as a whole. */
        FREE
    }

    /**
     * A declared member.
     *
     * @param implied whether it is there, empty, even if nobody wrote it
     */
    public record Member(Shape shape, boolean implied) {}

    public static final Shape WHOLE = new Shape(Relation.WHOLE, Map::of, null, Map.of());
    public static final Shape FREE = new Shape(Relation.FREE, Map::of, null, Map.of());
    public static final Shape SET = new Shape(Relation.SET, Map::of, () -> WHOLE, Map.of());

    private final Relation relation;
    private final Supplier<Map<String, Member>> declared;
    private final @Nullable Supplier<Shape> rest;
    private final SortedMap<String, Optional<Json>> keys;
    private volatile @Nullable Map<String, Member> members;

    private Shape(
            Relation relation,
            Supplier<Map<String, Member>> declared,
            @Nullable Supplier<Shape> rest,
            Map<String, Optional<Json>> keys) {
        this.relation = relation;
        this.declared = declared;
        this.rest = rest;
        this.keys = new TreeMap<>(keys);
    }

    /** An object that has the declared members and no others. Asks for them once. */
    public static Shape struct(Supplier<Map<String, Member>> members) {
        return new Shape(Relation.MEMBERS, members, null, Map.of());
    }

    /** An object that may have members beyond the declared ones. */
    public static Shape open(Supplier<Map<String, Member>> members, Supplier<Shape> rest) {
        return new Shape(Relation.MEMBERS, members, rest, Map.of());
    }

    /** An object with free keys. */
    public static Shape map(Supplier<Shape> value) {
        return open(Map::of, value);
    }

    /**
     * A list whose items are told apart by keys.
     *
     * @param keys each with what stands for it where an item lacks it
     */
    public static Shape keyed(Map<String, Optional<Json>> keys, Supplier<Shape> item) {
        return new Shape(Relation.KEYED, Map::of, item, keys);
    }

    /** How a present value of this shape is divided; a value of an unfit type is not. */
    Relation relation(Json value) {
        return switch (relation) {
            case WHOLE -> Relation.WHOLE;
            case MEMBERS, FREE -> value instanceof JsonObject ? Relation.MEMBERS : Relation.WHOLE;
            case KEYED, SET ->
                    value instanceof JsonArray array && Elements.areDistinguishable(array, this)
                            ? relation
                            : Relation.WHOLE;
        };
    }

    Relation relation() {
        return relation;
    }

    /** Null if the object has no such member. */
    @Nullable Shape member(String name) {
        if (relation == Relation.FREE) {
            return FREE;
        }
        Member member = members().get(name);
        if (member != null) {
            return member.shape();
        }
        Supplier<Shape> others = rest;
        return others == null ? null : others.get();
    }

    boolean declares(String name) {
        return members().containsKey(name);
    }

    boolean implies(String name) {
        Member member = members().get(name);
        return member != null && member.implied();
    }

    /** The shape of a list's items. */
    Shape item() {
        Supplier<Shape> items = rest;
        return items == null ? FREE : items.get();
    }

    SortedMap<String, Optional<Json>> keys() {
        return keys;
    }

    private Map<String, Member> members() {
        Map<String, Member> known = members;
        if (known == null) {
            known = declared.get();
            members = known;
        }
        return known;
    }
}

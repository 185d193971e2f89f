// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A JSON object; members keep the order in which they came. */
public final class JsonObject implements Json {
    public static final JsonObject EMPTY = new JsonObject(Map.of());

    // One of the two is there from the start; a race costs a second reading, no more.
    private final byte @Nullable [] text;
    private volatile @Nullable Map<String, Json> members;

    private JsonObject(Map<String, Json> members) {
        this.text = null;
        this.members = members;
    }

    private JsonObject(byte[] text) {
        this.text = text;
    }

    /**
     * An object whose text is there already: it is read when somebody asks for a member, and
     * written as it is.
     *
     * @param utf8 what {@link #toBytes} gave, of this object or another; not to be changed
     */
    public static JsonObject ofText(byte[] utf8) {
        return new JsonObject(utf8);
    }

    /** The text that it was made of, null if it was made of members. */
    byte @Nullable [] text() {
        return text;
    }

    /** The same without its text, for those who keep it and read it often. */
    public JsonObject withoutText() {
        return text == null ? this : new JsonObject(members());
    }

    /** Copies the members. */
    public static JsonObject of(Map<String, ? extends Json> members) {
        return members.isEmpty()
                ? EMPTY
                : new JsonObject(Collections.unmodifiableMap(new LinkedHashMap<>(members)));
    }

    public static JsonObject of(String name, Json value) {
        return builder().put(name, value).build();
    }

    public static JsonObject of(String name, String value) {
        return of(name, new JsonString(value));
    }

    public static JsonObject ofStrings(Map<String, String> values) {
        Builder builder = builder();
        values.forEach(builder::put);
        return builder.build();
    }

    public static Builder builder() {
        return new Builder();
    }

    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.members.putAll(members());
        return builder;
    }

    /**
     * An unmodifiable view.
     *
     * @throws IllegalStateException if it was made of a text that is none of an object
     */
    public Map<String, Json> members() {
        Map<String, Json> known = members;
        if (known == null) {
            known = read(text);
            members = known;
        }
        return known;
    }

    private static Map<String, Json> read(byte @Nullable [] text) {
        try {
            return text == null
                    ? Map.of()
                    : JsonReader.readObject(
                                    text, JsonLimits.TRUSTED, JsonReader.DuplicateNames.LAST_WINS)
                            .members();
        } catch (JsonException e) {
            throw new IllegalStateException("the text is no JSON object", e);
        }
    }

    public boolean isEmpty() {
        return members().isEmpty();
    }

    public boolean has(String name) {
        return members().containsKey(name);
    }

    public Optional<Json> get(String name) {
        return Optional.ofNullable(members().get(name));
    }

    /** Follows member names through nested objects; empty where one is absent or no object. */
    public Optional<Json> at(String... path) {
        Json here = this;
        for (String name : path) {
            Json next = here instanceof JsonObject object ? object.members().get(name) : null;
            if (next == null) {
                return Optional.empty();
            }
            here = next;
        }
        return Optional.of(here);
    }

    /** The object at the path, or the empty object if it is absent or something else. */
    public JsonObject object(String... path) {
        return at(path).orElse(EMPTY) instanceof JsonObject object ? object : EMPTY;
    }

    /** The array at the path, or the empty array if it is absent or something else. */
    public JsonArray array(String... path) {
        return at(path).orElse(JsonArray.EMPTY) instanceof JsonArray array
                ? array
                : JsonArray.EMPTY;
    }

    /** The string at the path, empty if it is absent or something else. */
    public Optional<String> string(String... path) {
        return at(path).filter(JsonString.class::isInstance)
                .map(value -> ((JsonString) value).value());
    }

    /** The string at the path, or {@code ""}. */
    public String text(String... path) {
        return string(path).orElse("");
    }

    /** The whole number at the path, empty if it is absent or something else. */
    public OptionalLong number(String... path) {
        return at(path).orElse(JsonNull.INSTANCE) instanceof JsonNumber number
                ? number.whole()
                : OptionalLong.empty();
    }

    /** True only if the path leads to {@code true}. */
    public boolean flag(String... path) {
        return at(path).orElse(JsonNull.INSTANCE) == JsonBoolean.TRUE;
    }

    /** The string members of this object; members that are not strings are passed over. */
    public Map<String, String> strings() {
        Map<String, String> strings = new LinkedHashMap<>();
        members()
                .forEach(
                        (name, value) -> {
                            if (value instanceof JsonString string) {
                                strings.put(name, string.value());
                            }
                        });
        return strings;
    }

    public JsonObject with(String name, Json value) {
        return toBuilder().put(name, value).build();
    }

    public JsonObject with(String name, String value) {
        return with(name, new JsonString(value));
    }

    public JsonObject with(String name, long value) {
        return with(name, JsonNumber.of(value));
    }

    public JsonObject without(String name) {
        return has(name) ? toBuilder().remove(name).build() : this;
    }

    /** Sets the value at a path, making objects on the way where there are none. */
    public JsonObject withAt(List<String> path, Json value) {
        String name = path.get(0);
        return path.size() == 1
                ? with(name, value)
                : with(name, object(name).withAt(path.subList(1, path.size()), value));
    }

    /** Removes the value at a path; unchanged if there is none. */
    public JsonObject withoutAt(List<String> path) {
        String name = path.get(0);
        if (path.size() == 1) {
            return without(name);
        }
        return members().get(name) instanceof JsonObject inner
                ? with(name, inner.withoutAt(path.subList(1, path.size())))
                : this;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof JsonObject object && members().equals(object.members());
    }

    @Override
    public int hashCode() {
        return members().hashCode();
    }

    @Override
    public String toString() {
        return toJson();
    }

    /** Builds an object. Not safe for use by several threads. */
    public static final class Builder {
        private final Map<String, Json> members = new LinkedHashMap<>();

        private Builder() {}

        public Builder put(String name, Json value) {
            members.put(name, value);
            return this;
        }

        public Builder put(String name, String value) {
            return put(name, new JsonString(value));
        }

        public Builder put(String name, long value) {
            return put(name, JsonNumber.of(value));
        }

        public Builder put(String name, boolean value) {
            return put(name, Json.of(value));
        }

        /** Puts the value if there is one. */
        public Builder put(String name, Optional<? extends Json> value) {
            value.ifPresent(present -> put(name, present));
            return this;
        }

        /** Puts the object unless it is empty, as Kubernetes' {@code omitempty} does. */
        public Builder putUnlessEmpty(String name, JsonObject value) {
            return value.isEmpty() ? this : put(name, value);
        }

        public Builder putUnlessEmpty(String name, JsonArray value) {
            return value.isEmpty() ? this : put(name, value);
        }

        public Builder putUnlessEmpty(String name, String value) {
            return value.isEmpty() ? this : put(name, value);
        }

        public Builder putAll(JsonObject other) {
            members.putAll(other.members());
            return this;
        }

        public Builder remove(String name) {
            members.remove(name);
            return this;
        }

        public Builder apply(Consumer<Builder> change) {
            change.accept(this);
            return this;
        }

        public JsonObject build() {
            return JsonObject.of(members);
        }

        public boolean has(String name) {
            return members.containsKey(name);
        }
    }
}

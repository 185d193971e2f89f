// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonLimits;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonString;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** JSON patch (RFC 6902), with the messages of Kubernetes' library. */
public final class JsonPatch {
    private static final int MOST_OPERATIONS = 10_000;

    private Json document;
    private long copiedBytes;

    private JsonPatch(Json document) {
        this.document = document;
    }

    /**
     * Applies all operations or none.
     *
     * @throws IllegalArgumentException if an operation is malformed or does not apply; the message
     *     says which
     */
    public static Json apply(Json current, JsonArray operations) {
        if (operations.size() > MOST_OPERATIONS) {
            throw new IllegalArgumentException(
                    "The allowed maximum operations in a JSON patch is "
                            + MOST_OPERATIONS
                            + ", got "
                            + operations.size());
        }
        JsonPatch patch = new JsonPatch(current);
        for (Json operation : operations) {
            if (!(operation instanceof JsonObject object)) {
                throw new IllegalArgumentException("a JSON patch is a list of objects");
            }
            patch.apply(object);
        }
        return patch.document;
    }

    private void apply(JsonObject operation) {
        String kind = operation.text("op");
        String path = pointer(operation, "path", kind);
        switch (kind) {
            case "add" -> document = add(document, tokens(path), value(operation), path, "add");
            case "remove" -> document = remove(document, tokens(path), path);
            case "replace" -> document = replace(document, tokens(path), value(operation), path);
            case "move" -> {
                String from = pointer(operation, "from", kind);
                if (path.startsWith(from + "/")) {
                    throw new IllegalArgumentException(
                            "move operation does not apply: " + path + " is inside of " + from);
                }
                Json moved = find(from, kind);
                document = remove(document, tokens(from), from);
                document = add(document, tokens(path), moved, path, kind);
            }
            case "copy" -> {
                Json copied = find(pointer(operation, "from", kind), kind);
                // A few copies of copies would otherwise grow without end.
                copiedBytes += copied.toBytes().length;
                if (copiedBytes > JsonLimits.DEFAULT.maxBytes()) {
                    throw new IllegalArgumentException(
                            "Unable to complete the copy, the accumulated size increase of copy is"
                                    + " "
                                    + copiedBytes
                                    + ", exceeding the limit "
                                    + JsonLimits.DEFAULT.maxBytes());
                }
                document = add(document, tokens(path), copied, path, kind);
            }
            case "test" -> {
                Optional<Json> found = lookUp(document, tokens(path));
                if (!found.equals(Optional.of(value(operation)))) {
                    throw new IllegalArgumentException(
                            "testing value " + path + " failed: test failed");
                }
            }
            default -> throw new IllegalArgumentException("Unexpected kind: " + kind);
        }
    }

    private static String pointer(JsonObject operation, String name, String kind) {
        if (operation.get(name).orElse(null) instanceof JsonString string) {
            return string.value();
        }
        throw new IllegalArgumentException(kind + " operation has no " + name);
    }

    private static Json value(JsonObject operation) {
        return operation
                .get("value")
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        operation.text("op")
                                                + " operation has no value for path "
                                                + operation.text("path")));
    }

    private static List<String> tokens(String pointer) {
        if (pointer.isEmpty()) {
            return List.of();
        }
        if (!pointer.startsWith("/")) {
            throw new IllegalArgumentException(
                    "the path " + Errors.quote(pointer) + " must be empty or start with '/'");
        }
        List<String> tokens = new ArrayList<>();
        for (String token : pointer.substring(1).split("/", -1)) {
            tokens.add(token.replace("~1", "/").replace("~0", "~"));
        }
        return tokens;
    }

    private Json find(String from, String kind) {
        return lookUp(document, tokens(from))
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        kind
                                                + " operation does not apply: doc is missing from"
                                                + " path: "
                                                + from
                                                + ": missing value"));
    }

    private static Optional<Json> lookUp(Json document, List<String> tokens) {
        Json here = document;
        for (String token : tokens) {
            Optional<Json> next = child(here, token);
            if (next.isEmpty()) {
                return next;
            }
            here = next.get();
        }
        return Optional.of(here);
    }

    private static Optional<Json> child(Json parent, String token) {
        if (parent instanceof JsonObject object) {
            return object.get(token);
        }
        if (parent instanceof JsonArray array) {
            int index = index(token, array.size() - 1);
            return index < 0 ? Optional.empty() : Optional.of(array.get(index));
        }
        return Optional.empty();
    }

    /** -1 if the token is no index up to the highest. */
    private static int index(String token, int highest) {
        if (!token.matches("0|[1-9][0-9]{0,8}")) {
            return -1;
        }
        int index = Integer.parseInt(token);
        return index <= highest ? index : -1;
    }

    /** What to do with the object or array that holds the last token. */
    @FunctionalInterface
    private interface Change {
        Json in(Json parent, String token);
    }

    private static Json at(
            Json here, List<String> tokens, String kind, String path, Change change) {
        String token = tokens.get(0);
        if (tokens.size() == 1) {
            return change.in(here, token);
        }
        Json child =
                child(here, token)
                        .orElseThrow(
                                () ->
                                        new IllegalArgumentException(
                                                kind
                                                        + " operation does not apply: doc is"
                                                        + " missing path: "
                                                        + Errors.quote(path)
                                                        + ": missing value"));
        Json changed = at(child, tokens.subList(1, tokens.size()), kind, path, change);
        return here instanceof JsonArray array
                ? set(array, index(token, array.size() - 1), changed)
                : ((JsonObject) here).with(token, changed);
    }

    private static Json set(JsonArray array, int index, Json value) {
        List<Json> items = new ArrayList<>(array.items());
        items.set(index, value);
        return new JsonArray(items);
    }

    private static Json add(
            Json document, List<String> tokens, Json value, String path, String kind) {
        if (tokens.isEmpty()) {
            return value;
        }
        return at(
                document,
                tokens,
                kind,
                path,
                (parent, token) -> {
                    if (parent instanceof JsonObject object) {
                        return object.with(token, value);
                    }
                    if (parent instanceof JsonArray array) {
                        int index = token.equals("-") ? array.size() : index(token, array.size());
                        if (index < 0) {
                            throw notAnIndex(kind, path, token);
                        }
                        List<Json> items = new ArrayList<>(array.items());
                        items.add(index, value);
                        return new JsonArray(items);
                    }
                    throw new IllegalArgumentException(
                            kind
                                    + " operation does not apply: doc is missing path: "
                                    + Errors.quote(path)
                                    + ": missing value");
                });
    }

    private static Json remove(Json document, List<String> tokens, String path) {
        if (tokens.isEmpty()) {
            throw new IllegalArgumentException("remove operation does not apply to the whole doc");
        }
        return at(
                document,
                tokens,
                "remove",
                path,
                (parent, token) -> {
                    if (parent instanceof JsonObject object && object.has(token)) {
                        return object.without(token);
                    }
                    if (parent instanceof JsonArray array) {
                        int index = index(token, array.size() - 1);
                        if (index < 0) {
                            throw notAnIndex("remove", path, token);
                        }
                        List<Json> items = new ArrayList<>(array.items());
                        items.remove(index);
                        return new JsonArray(items);
                    }
                    throw new IllegalArgumentException(
                            "error in remove for path: '"
                                    + path
                                    + "': Unable to remove nonexistent key: "
                                    + token
                                    + ": missing value");
                });
    }

    private static Json replace(Json document, List<String> tokens, Json value, String path) {
        if (tokens.isEmpty()) {
            return value;
        }
        return at(
                document,
                tokens,
                "replace",
                path,
                (parent, token) -> {
                    if (parent instanceof JsonObject object && object.has(token)) {
                        return object.with(token, value);
                    }
                    if (parent instanceof JsonArray array) {
                        int index = index(token, array.size() - 1);
                        if (index >= 0) {
                            return set(array, index, value);
                        }
                    }
                    throw new IllegalArgumentException(
                            "replace operation does not apply: doc is missing key: "
                                    + path
                                    + ": missing value");
                });
    }

    private static IllegalArgumentException notAnIndex(String kind, String path, String token) {
        return new IllegalArgumentException(
                "error in "
                        + kind
                        + " for path: '"
                        + path
                        + "': Unable to access invalid index: "
                        + token
                        + ": invalid index referenced");
    }
}

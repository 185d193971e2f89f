// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** JSON patches (RFC 6902). */
final class JsonPatch {
    private static final int MAX_OPERATIONS = 10_000;

    private JsonPatch() {}

    /**
     * @throws ApiException BadRequest if the patch is malformed, Invalid if it does not fit the
     *     document
     */
    static Json apply(Json document, JsonArray operations) {
        if (operations.size() > MAX_OPERATIONS) {
            throw new ApiException(
                    ApiException.Reason.TOO_LARGE,
                    "The allowed maximum operations in a JSON patch is "
                            + MAX_OPERATIONS
                            + ", got "
                            + operations.size());
        }
        Json result = document;
        for (Json operation : operations) {
            if (!(operation instanceof JsonObject fields)) {
                throw malformed("an operation is no object");
            }
            result = apply(result, fields);
        }
        return result;
    }

    private static Json apply(Json document, JsonObject operation) {
        String name = operation.text("op");
        List<String> path = pointer(operation, "path");
        return switch (name) {
            case "add" -> add(document, path, value(operation));
            case "remove" -> remove(document, path);
            case "replace" -> replace(document, path, value(operation));
            case "test" -> {
                if (!at(document, path).equals(value(operation))) {
                    throw unfit("testing value " + operation.text("path") + " failed");
                }
                yield document;
            }
            case "copy" -> add(document, path, at(document, pointer(operation, "from")));
            case "move" -> {
                List<String> from = pointer(operation, "from");
                if (path.size() > from.size() && path.subList(0, from.size()).equals(from)) {
                    throw unfit("a value cannot be moved into itself");
                }
                yield add(remove(document, from), path, at(document, from));
            }
            default -> throw malformed("unknown operation \"" + name + "\"");
        };
    }

    private static Json value(JsonObject operation) {
        return operation
                .get("value")
                .orElseThrow(() -> malformed("an operation lacks its \"value\""));
    }

    private static List<String> pointer(JsonObject operation, String member) {
        String text =
                operation
                        .string(member)
                        .orElseThrow(() -> malformed("an operation lacks its \"" + member + "\""));
        if (text.isEmpty()) {
            return List.of();
        }
        if (!text.startsWith("/")) {
            throw malformed("the path \"" + text + "\" does not begin with a slash");
        }
        return Arrays.stream(text.substring(1).split("/", -1))
                .map(token -> token.replace("~1", "/").replace("~0", "~"))
                .toList();
    }

    private static Json at(Json document, List<String> path) {
        Json here = document;
        for (String token : path) {
            here = child(here, token).orElseThrow(() -> missing(path));
        }
        return here;
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

    /** The index that the token names; -1 if it names none up to the last. */
    private static int index(String token, int last) {
        if (!token.matches("0|[1-9][0-9]{0,8}")) {
            return -1;
        }
        int index = Integer.parseInt(token);
        return index <= last ? index : -1;
    }

    private interface Edit {
        Json on(Json parent, String last);
    }

    private static Json edit(Json here, List<String> path, List<String> whole, Edit edit) {
        String token = path.get(0);
        if (path.size() == 1) {
            return edit.on(here, token);
        }
        Json child = child(here, token).orElseThrow(() -> missing(whole));
        Json changed = edit(child, path.subList(1, path.size()), whole, edit);
        return set(here, token, changed);
    }

    private static Json set(Json parent, String token, Json value) {
        if (parent instanceof JsonObject object) {
            return object.with(token, value);
        }
        List<Json> items = new ArrayList<>(((JsonArray) parent).items());
        items.set(Integer.parseInt(token), value);
        return new JsonArray(items);
    }

    private static Json add(Json document, List<String> path, Json value) {
        if (path.isEmpty()) {
            return value;
        }
        return edit(
                document,
                path,
                path,
                (parent, last) -> {
                    if (parent instanceof JsonObject object) {
                        return object.with(last, value);
                    }
                    if (parent instanceof JsonArray array) {
                        int index = last.equals("-") ? array.size() : index(last, array.size());
                        if (index >= 0) {
                            List<Json> items = new ArrayList<>(array.items());
                            items.add(index, value);
                            return new JsonArray(items);
                        }
                    }
                    throw missing(path);
                });
    }

    private static Json remove(Json document, List<String> path) {
        if (path.isEmpty()) {
            throw unfit("the whole document cannot be removed");
        }
        return edit(
                document,
                path,
                path,
                (parent, last) -> {
                    if (child(parent, last).isEmpty()) {
                        throw missing(path);
                    }
                    if (parent instanceof JsonObject object) {
                        return object.without(last);
                    }
                    List<Json> items = new ArrayList<>(((JsonArray) parent).items());
                    items.remove(Integer.parseInt(last));
                    return new JsonArray(items);
                });
    }

    private static Json replace(Json document, List<String> path, Json value) {
        if (path.isEmpty()) {
            return value;
        }
        return edit(
                document,
                path,
                path,
                (parent, last) -> {
                    if (child(parent, last).isEmpty()) {
                        throw missing(path);
                    }
                    return set(parent, last, value);
                });
    }

    private static ApiException missing(List<String> path) {
        return unfit("there is nothing at /" + String.join("/", path));
    }

    private static ApiException unfit(String why) {
        return new ApiException(
                ApiException.Reason.INVALID,
                "the server rejected our request due to an error in our request: " + why);
    }

    private static ApiException malformed(String why) {
        return new ApiException(ApiException.Reason.BAD_REQUEST, "error decoding patch: " + why);
    }
}

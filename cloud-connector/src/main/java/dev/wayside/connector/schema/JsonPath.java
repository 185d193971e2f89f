// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonString;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The part of JSONPath that printer columns use: {@code .spec.replicas}, {@code
 * .metadata.annotations.example\.com/x}, {@code ['x']}, {@code [0]}, {@code [-1]}, {@code [*]} and
 * {@code [?(@.type=="Ready")]}. Immutable.
 */
final class JsonPath {
    private static final int MOST_RESULTS = 1_000;
    private static final Pattern INDEX = Pattern.compile("-?[0-9]{1,9}");
    private static final Pattern FILTER =
            Pattern.compile("\\?\\(\\s*@((?:\\.[^\\s=!.\\[\\]]+)+)\\s*(==|!=)\\s*(.+?)\\s*\\)");

    private sealed interface Step permits Member, Index, Each, Filter {}

    private record Member(String name) implements Step {}

    private record Index(int index) implements Step {}

    private record Each() implements Step {}

    private record Filter(List<String> path, String value, boolean negated) implements Step {}

    private final List<Step> steps;

    private JsonPath(List<Step> steps) {
        this.steps = List.copyOf(steps);
    }

    /**
     * @throws IllegalArgumentException if it is none, or more than is known here; the message says
     *     where
     */
    static JsonPath parse(String text) {
        if (!text.startsWith(".") && !text.startsWith("[")) {
            throw new IllegalArgumentException("must be a simple json path starting with .");
        }
        List<Step> steps = new ArrayList<>();
        int at = 0;
        while (at < text.length()) {
            if (text.charAt(at) == '.') {
                at = member(text, at + 1, steps);
            } else if (text.charAt(at) == '[') {
                int end = closing(text, at);
                steps.add(bracket(text.substring(at + 1, end)));
                at = end + 1;
            } else {
                throw unexpected(text, at);
            }
        }
        return new JsonPath(steps);
    }

    /** Reads a member's name; nothing for a lone dot, which means the object itself. */
    private static int member(String text, int from, List<Step> steps) {
        StringBuilder name = new StringBuilder();
        int at = from;
        while (at < text.length() && text.charAt(at) != '.' && text.charAt(at) != '[') {
            if (text.charAt(at) == '\\' && at + 1 < text.length()) {
                at++;
            }
            name.append(text.charAt(at++));
        }
        if (name.toString().equals("*")) {
            steps.add(new Each());
        } else if (!name.isEmpty()) {
            steps.add(new Member(name.toString()));
        } else if (at < text.length() || from > 1) {
            throw unexpected(text, Math.min(at, text.length() - 1));
        }
        return at;
    }

    /** Where a bracket ends; those in quotes do not count. */
    private static int closing(String text, int open) {
        char quote = 0;
        for (int i = open + 1; i < text.length(); i++) {
            char c = text.charAt(i);
            if (quote != 0) {
                quote = c == quote ? 0 : quote;
            } else if (c == '\'' || c == '"') {
                quote = c;
            } else if (c == ']') {
                return i;
            }
        }
        throw new IllegalArgumentException("unterminated array");
    }

    private static Step bracket(String inner) {
        if (inner.equals("*")) {
            return new Each();
        }
        if (INDEX.matcher(inner).matches()) {
            return new Index(Integer.parseInt(inner));
        }
        if (isQuoted(inner)) {
            return new Member(inner.substring(1, inner.length() - 1).replace("\\.", "."));
        }
        Matcher filter = FILTER.matcher(inner);
        if (filter.matches()) {
            String value = filter.group(3);
            return new Filter(
                    List.of(filter.group(1).substring(1).split("\\.")),
                    isQuoted(value) ? value.substring(1, value.length() - 1) : value,
                    filter.group(2).equals("!="));
        }
        throw new IllegalArgumentException("invalid array index " + inner);
    }

    private static boolean isQuoted(String text) {
        return text.length() >= 2
                && (text.charAt(0) == '\'' || text.charAt(0) == '"')
                && text.charAt(text.length() - 1) == text.charAt(0);
    }

    private static IllegalArgumentException unexpected(String text, int at) {
        return new IllegalArgumentException(
                "unrecognized character in action: " + Errors.quote(text.substring(at, at + 1)));
    }

    /** The names on the way, if it leads through members alone; else empty. */
    List<String> names() {
        List<String> names = new ArrayList<>();
        for (Step step : steps) {
            if (!(step instanceof Member member)) {
                return List.of();
            }
            names.add(member.name());
        }
        return names;
    }

    /** What is there, in order; nothing where the way leads nowhere. */
    List<Json> find(JsonObject object) {
        List<Json> here = List.of(object);
        for (Step step : steps) {
            List<Json> next = new ArrayList<>();
            for (Json value : here) {
                follow(value, step, next);
            }
            here = next.size() > MOST_RESULTS ? next.subList(0, MOST_RESULTS) : next;
        }
        return here.stream().filter(value -> value != JsonNull.INSTANCE).toList();
    }

    private static void follow(Json value, Step step, List<Json> next) {
        if (step instanceof Member member) {
            if (value instanceof JsonObject object) {
                object.get(member.name()).ifPresent(next::add);
            }
        } else if (step instanceof Index index) {
            if (value instanceof JsonArray array) {
                int at = index.index() < 0 ? array.size() + index.index() : index.index();
                if (at >= 0 && at < array.size()) {
                    next.add(array.get(at));
                }
            }
        } else if (step instanceof Each) {
            if (value instanceof JsonArray array) {
                next.addAll(array.items());
            } else if (value instanceof JsonObject object) {
                next.addAll(object.members().values());
            }
        } else if (step instanceof Filter filter && value instanceof JsonArray array) {
            for (JsonObject item : array.objects()) {
                boolean equal =
                        item.at(filter.path().toArray(String[]::new))
                                .map(JsonPath::text)
                                .filter(filter.value()::equals)
                                .isPresent();
                if (equal != filter.negated()) {
                    next.add(item);
                }
            }
        }
    }

    /** As it is shown in a cell. */
    static String text(Json value) {
        return value instanceof JsonString string ? string.value() : value.toJson();
    }
}

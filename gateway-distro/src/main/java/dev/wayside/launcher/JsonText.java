// SPDX-License-Identifier: Apache-2.0
package dev.wayside.launcher;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the JSON of set and feature files (RFC 8259, and whole-line and trailing {@code //} and
 * block comments as chapter 159 of the OSGi compendium allows) into maps, lists, strings, longs,
 * doubles and booleans. A repeated name is an error. The launcher has a reader of its own because
 * the model's would be loaded twice: by the launcher and again as a bundle. One use, one thread.
 */
final class JsonText {
    private static final int MAX_DEPTH = 50;

    private final String text;
    private int at;

    private JsonText(String text) {
        this.text = text;
    }

    /**
     * @throws IllegalArgumentException if it is no JSON object; the message says where
     */
    static Map<String, Object> object(String text) {
        JsonText json = new JsonText(text);
        Object value = json.value(0);
        json.blanks();
        if (json.at < text.length() || !(value instanceof Map<?, ?>)) {
            throw json.wrong("one object and nothing else");
        }
        return asObject(value);
    }

    /** The value as an object, as this reader makes them. */
    @SuppressWarnings("unchecked") // every map made here has these types
    static Map<String, Object> asObject(Object value) {
        if (value instanceof Map<?, ?>) {
            return (Map<String, Object>) value;
        }
        throw new IllegalArgumentException("expected an object, found " + value);
    }

    private Object value(int depth) {
        if (depth > MAX_DEPTH) {
            throw wrong("less nesting than " + MAX_DEPTH);
        }
        blanks();
        if (at >= text.length()) {
            throw wrong("a value");
        }
        return switch (text.charAt(at)) {
            case '{' -> object(depth);
            case '[' -> array(depth);
            case '"' -> string();
            default -> word();
        };
    }

    private Map<String, Object> object(int depth) {
        Map<String, Object> members = new LinkedHashMap<>();
        at++;
        if (ends('}')) {
            return members;
        }
        do {
            blanks();
            int start = at;
            String name = string();
            expect(':');
            if (members.put(name, value(depth + 1)) != null) {
                at = start;
                throw wrong("each name once; \"" + name + "\" is here twice");
            }
        } while (!ends('}', ','));
        return members;
    }

    private List<Object> array(int depth) {
        List<Object> items = new ArrayList<>();
        at++;
        if (ends(']')) {
            return items;
        }
        do {
            items.add(value(depth + 1));
        } while (!ends(']', ','));
        return items;
    }

    /** Whether the closing sign comes; it is taken if so. */
    private boolean ends(char close) {
        blanks();
        if (at < text.length() && text.charAt(at) == close) {
            at++;
            return true;
        }
        return false;
    }

    private boolean ends(char close, char more) {
        if (ends(close)) {
            return true;
        }
        expect(more);
        return false;
    }

    private void expect(char sign) {
        if (!ends(sign)) {
            throw wrong("'" + sign + "'");
        }
    }

    private String string() {
        if (at >= text.length() || text.charAt(at) != '"') {
            throw wrong("a string");
        }
        StringBuilder value = new StringBuilder();
        for (at++; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c == '"') {
                at++;
                return value.toString();
            }
            if (c < ' ') {
                throw wrong("no control character in a string");
            }
            value.append(c == '\\' ? escape() : c);
        }
        throw wrong("the end of the string");
    }

    private char escape() {
        at++;
        char c = at < text.length() ? text.charAt(at) : ' ';
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> unicode();
            default -> throw wrong("an escape that JSON knows");
        };
    }

    private char unicode() {
        if (at + 4 < text.length()) {
            String hex = text.substring(at + 1, at + 5);
            if (hex.matches("[0-9a-fA-F]{4}")) {
                at += 4;
                return (char) Integer.parseInt(hex, 16);
            }
        }
        throw wrong("four hexadecimal digits");
    }

    private Object word() {
        int start = at;
        while (at < text.length() && "{}[],:\" \t\r\n/".indexOf(text.charAt(at)) < 0) {
            at++;
        }
        String word = text.substring(start, at);
        if (word.equals("true") || word.equals("false")) {
            return Boolean.valueOf(word);
        }
        try {
            if (word.matches("-?(0|[1-9][0-9]{0,17})")) {
                return Long.valueOf(word);
            }
            if (word.matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]{1,3})?")) {
                return Double.valueOf(word);
            }
        } catch (NumberFormatException e) {
            at = start;
            throw wrong("a number in range");
        }
        at = start;
        throw wrong("a value");
    }

    private void blanks() {
        while (at < text.length()) {
            if (" \t\r\n\uFEFF".indexOf(text.charAt(at)) >= 0) {
                at++;
            } else if (text.startsWith("//", at)) {
                int end = text.indexOf('\n', at);
                at = end < 0 ? text.length() : end;
            } else if (text.startsWith("/*", at)) {
                int end = text.indexOf("*/", at + 2);
                if (end < 0) {
                    throw wrong("the end of the comment");
                }
                at = end + 2;
            } else {
                return;
            }
        }
    }

    private IllegalArgumentException wrong(String expected) {
        long line =
                text.substring(0, Math.min(at, text.length()))
                                .chars()
                                .filter(c -> c == '\n')
                                .count()
                        + 1;
        return new IllegalArgumentException("line " + line + ": expected " + expected);
    }
}

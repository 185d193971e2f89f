// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

import dev.wayside.model.LabelSelector.Operator;
import dev.wayside.model.LabelSelector.Requirement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A recursive-descent parser of the label selector query syntax. One use, one thread. */
final class LabelSelectorParser {
    private final String text;
    private int at;

    LabelSelectorParser(String text) {
        this.text = text;
    }

    List<Requirement> parse() {
        List<Requirement> all = new ArrayList<>();
        do {
            all.add(requirement());
            blanks();
        } while (take(","));
        if (at < text.length()) {
            throw wrong("',' or the end");
        }
        return all;
    }

    private Requirement requirement() {
        blanks();
        boolean absent = take("!");
        blanks();
        String key = word("a label key");
        if (!Names.isQualifiedName(key)) {
            throw new IllegalArgumentException(
                    "unable to parse label selector \""
                            + text
                            + "\": \""
                            + key
                            + "\" is not a valid label key");
        }
        blanks();
        if (absent) {
            return new Requirement(key, Operator.NOT_EXISTS, Set.of());
        }
        if (take("==") || take("=")) {
            return new Requirement(key, Operator.IN, Set.of(value()));
        }
        if (take("!=")) {
            return new Requirement(key, Operator.NOT_IN, Set.of(value()));
        }
        if (take(">")) {
            return new Requirement(key, Operator.GREATER, Set.of(value()));
        }
        if (take("<")) {
            return new Requirement(key, Operator.LESS, Set.of(value()));
        }
        if (at == text.length() || text.charAt(at) == ',') {
            return new Requirement(key, Operator.EXISTS, Set.of());
        }
        String operator = word("an operator");
        return switch (operator) {
            case "in" -> new Requirement(key, Operator.IN, set());
            case "notin" -> new Requirement(key, Operator.NOT_IN, set());
            default -> throw wrong("one of =, ==, !=, >, <, in, notin");
        };
    }

    private Set<String> set() {
        blanks();
        if (!take("(")) {
            throw wrong("'('");
        }
        Set<String> values = new HashSet<>();
        do {
            values.add(value());
            blanks();
        } while (take(","));
        if (!take(")")) {
            throw wrong("',' or ')'");
        }
        return values;
    }

    private String value() {
        blanks();
        int start = at;
        skipWord();
        String value = text.substring(start, at);
        if (!Names.isLabelValue(value)) {
            throw new IllegalArgumentException(
                    "unable to parse label selector \""
                            + text
                            + "\": \""
                            + value
                            + "\" is not a valid label value");
        }
        return value;
    }

    private String word(String what) {
        int start = at;
        skipWord();
        if (at == start) {
            throw wrong(what);
        }
        return text.substring(start, at);
    }

    private void skipWord() {
        while (at < text.length() && " \t,()=!<>".indexOf(text.charAt(at)) < 0) {
            at++;
        }
    }

    private void blanks() {
        while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\t')) {
            at++;
        }
    }

    private boolean take(String token) {
        if (text.startsWith(token, at)) {
            at += token.length();
            return true;
        }
        return false;
    }

    private IllegalArgumentException wrong(String expected) {
        return new IllegalArgumentException(
                "unable to parse label selector \""
                        + text
                        + "\": expected "
                        + expected
                        + " at position "
                        + at);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A label selector: all requirements must hold. The empty selector matches everything. */
public record LabelSelector(List<Requirement> requirements) {
    public static final LabelSelector EVERYTHING = new LabelSelector(List.of());

    /**
     * How a label's value is compared. NOT_IN and NOT_EXISTS also hold where the label is absent.
     */
    public enum Operator {
        IN("In"),
        NOT_IN("NotIn"),
        EXISTS("Exists"),
        NOT_EXISTS("DoesNotExist"),
        GREATER("Gt"),
        LESS("Lt");

        private final String word;

        Operator(String word) {
            this.word = word;
        }

        /** The word that Kubernetes objects use. */
        public String word() {
            return word;
        }
    }

    /** One requirement. {@code values} is empty for EXISTS and NOT_EXISTS. */
    public record Requirement(String key, Operator operator, Set<String> values) {
        public Requirement {
            values = Set.copyOf(values);
        }

        public boolean matches(Map<String, String> labels) {
            String value = labels.get(key);
            return switch (operator) {
                case IN -> value != null && values.contains(value);
                case NOT_IN -> value == null || !values.contains(value);
                case EXISTS -> value != null;
                case NOT_EXISTS -> value == null;
                case GREATER -> compare(value) > 0;
                case LESS -> compare(value) < 0;
            };
        }

        /** Zero where either side is no whole number, so that neither Gt nor Lt holds. */
        private int compare(@Nullable String value) {
            try {
                return value == null || values.size() != 1
                        ? 0
                        : Long.compare(
                                Long.parseLong(value), Long.parseLong(values.iterator().next()));
            } catch (NumberFormatException e) {
                return 0;
            }
        }

        private String text() {
            String joined = String.join(",", new TreeSet<>(values));
            return switch (operator) {
                case IN -> values.size() == 1 ? key + "=" + joined : key + " in (" + joined + ")";
                case NOT_IN ->
                        values.size() == 1 ? key + "!=" + joined : key + " notin (" + joined + ")";
                case EXISTS -> key;
                case NOT_EXISTS -> "!" + key;
                case GREATER -> key + ">" + joined;
                case LESS -> key + "<" + joined;
            };
        }
    }

    public LabelSelector {
        requirements = List.copyOf(requirements);
    }

    public boolean matches(Map<String, String> labels) {
        for (Requirement requirement : requirements) {
            if (!requirement.matches(labels)) {
                return false;
            }
        }
        return true;
    }

    public boolean isEmpty() {
        return requirements.isEmpty();
    }

    /** All labels must have these values. */
    public static LabelSelector of(Map<String, String> labels) {
        return new LabelSelector(
                labels.entrySet().stream()
                        .map(
                                label ->
                                        new Requirement(
                                                label.getKey(),
                                                Operator.IN,
                                                Set.of(label.getValue())))
                        .toList());
    }

    /**
     * Reads {@code matchLabels} and {@code matchExpressions} (meta/v1 LabelSelector).
     *
     * @throws IllegalArgumentException if an operator is unknown or its values do not fit it
     */
    public static LabelSelector of(JsonObject selector) {
        List<Requirement> all =
                new ArrayList<>(of(selector.object("matchLabels").strings()).requirements());
        selector.array("matchExpressions")
                .objects()
                .forEach(expression -> all.add(requirement(expression)));
        return new LabelSelector(all);
    }

    /**
     * One entry of {@code matchExpressions}, also as node affinity has it.
     *
     * @throws IllegalArgumentException if the operator is unknown or its values do not fit it
     */
    public static Requirement requirement(JsonObject expression) {
        String word = expression.text("operator");
        for (Operator operator : Operator.values()) {
            if (operator.word().equals(word)) {
                Set<String> values =
                        Set.copyOf(new java.util.HashSet<>(expression.array("values").strings()));
                boolean needsValues =
                        operator != Operator.EXISTS && operator != Operator.NOT_EXISTS;
                if (needsValues == values.isEmpty()) {
                    throw new IllegalArgumentException(
                            "operator "
                                    + word
                                    + " on key \""
                                    + expression.text("key")
                                    + "\" "
                                    + (needsValues ? "needs values" : "takes no values"));
                }
                return new Requirement(expression.text("key"), operator, values);
            }
        }
        throw new IllegalArgumentException(
                "\"" + word + "\" is not a valid label selector operator");
    }

    /**
     * Parses the query syntax: {@code a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1}.
     *
     * @throws IllegalArgumentException if the text does not follow it; the message says what was
     *     expected
     */
    public static LabelSelector parse(String text) {
        return text.isBlank()
                ? EVERYTHING
                : new LabelSelector(new LabelSelectorParser(text).parse());
    }

    /** The query syntax; {@link #parse} reads it back. */
    @Override
    public String toString() {
        return requirements.stream().map(Requirement::text).collect(Collectors.joining(","));
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A field selector: {@code metadata.name=x,spec.nodeName!=y}. Which fields a kind has is not known
 * here.
 */
public record FieldSelector(List<Term> terms) {
    public static final FieldSelector EVERYTHING = new FieldSelector(List.of());

    /** One comparison; {@code negated} for {@code !=}. */
    public record Term(String field, String value, boolean negated) {}

    public FieldSelector {
        terms = List.copyOf(terms);
    }

    public static FieldSelector of(String field, String value) {
        return new FieldSelector(List.of(new Term(field, value, false)));
    }

    public boolean isEmpty() {
        return terms.isEmpty();
    }

    /** The value that the field must have, if one term asks for equality. */
    public Optional<String> required(String field) {
        return terms.stream()
                .filter(term -> !term.negated() && term.field().equals(field))
                .map(Term::value)
                .findFirst();
    }

    /**
     * @param fieldOf gives the value of a field, {@code ""} where it is not set
     */
    public boolean matches(Function<String, String> fieldOf) {
        for (Term term : terms) {
            if (fieldOf.apply(term.field()).equals(term.value()) == term.negated()) {
                return false;
            }
        }
        return true;
    }

    /**
     * Parses the query syntax; {@code \,}, {@code \=} and {@code \\} stand for themselves.
     *
     * @throws IllegalArgumentException if a term has no operator
     */
    public static FieldSelector parse(String text) {
        if (text.isBlank()) {
            return EVERYTHING;
        }
        List<Term> terms = new ArrayList<>();
        for (String term : text.split("(?<!\\\\),", -1)) {
            if (!term.isBlank()) {
                terms.add(term(text, term));
            }
        }
        return new FieldSelector(terms);
    }

    private static Term term(String text, String term) {
        int notEqual = term.indexOf("!=");
        int equal = term.indexOf('=');
        if (equal < 0) {
            throw new IllegalArgumentException(
                    "invalid selector: \"" + text + "\"; can't understand \"" + term + "\"");
        }
        boolean negated = notEqual >= 0 && notEqual < equal;
        int start = negated ? notEqual : equal;
        int end = negated ? notEqual + 2 : term.startsWith("==", equal) ? equal + 2 : equal + 1;
        return new Term(term.substring(0, start).trim(), unescape(term.substring(end)), negated);
    }

    private static String unescape(String value) {
        return value.replace("\\,", ",").replace("\\=", "=").replace("\\\\", "\\");
    }

    @Override
    public String toString() {
        return terms.stream()
                .map(
                        term ->
                                term.field()
                                        + (term.negated() ? "!=" : "=")
                                        + term.value()
                                                .replace("\\", "\\\\")
                                                .replace(",", "\\,")
                                                .replace("=", "\\="))
                .collect(Collectors.joining(","));
    }
}

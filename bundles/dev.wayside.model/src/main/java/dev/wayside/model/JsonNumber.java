// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

import java.math.BigDecimal;
import java.util.OptionalLong;

/**
 * A JSON number; the text is kept as it was read, so that nothing is lost by reading and writing.
 */
public final class JsonNumber implements Json {
    private final String text;

    JsonNumber(String text) {
        this.text = text;
    }

    public static JsonNumber of(long value) {
        return new JsonNumber(Long.toString(value));
    }

    /**
     * @throws NumberFormatException if the text is no decimal number
     */
    public static JsonNumber of(BigDecimal value) {
        return new JsonNumber(value.toString());
    }

    public String text() {
        return text;
    }

    public BigDecimal decimal() {
        return new BigDecimal(text);
    }

    /**
     * The value, if it is a whole number that fits a long ({@code 1.0} and {@code 1e3} are whole).
     */
    public OptionalLong whole() {
        try {
            return OptionalLong.of(Long.parseLong(text));
        } catch (NumberFormatException plain) {
            try {
                BigDecimal value = decimal();
                // An exponent of absurd size must not be expanded into digits.
                if (Math.abs((long) value.scale()) > 400) {
                    return OptionalLong.empty();
                }
                return OptionalLong.of(value.longValueExact());
            } catch (ArithmeticException | NumberFormatException fraction) {
                return OptionalLong.empty();
            }
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof JsonNumber number
                && (text.equals(number.text) || decimal().compareTo(number.decimal()) == 0);
    }

    @Override
    public int hashCode() {
        return Double.hashCode(decimal().doubleValue());
    }

    @Override
    public String toString() {
        return text;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Quantity;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Optional;

/**
 * The one text that a Kubernetes server keeps for a quantity: the largest suffix of the family the
 * user chose with which the number is whole. {@code 0.5} becomes {@code 500m}, {@code 1024Mi}
 * becomes {@code 1Gi}.
 */
final class CanonicalQuantity {
    private static final String[] DECIMAL = {"n", "u", "m", "", "k", "M", "G", "T", "P", "E"};
    private static final String[] BINARY = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
    private static final BigInteger KIBI = BigInteger.valueOf(1024);

    private CanonicalQuantity() {}

    /** Empty if the text is no quantity. */
    static Optional<String> of(String text) {
        BigDecimal value;
        try {
            value = Quantity.parse(text).value();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
        // Nothing finer than a billionth is kept; as upstream, rounded away from zero.
        if (value.scale() > 9) {
            value = value.setScale(9, RoundingMode.UP);
        }
        if (value.signum() == 0) {
            return Optional.of("0");
        }
        boolean whole = value.stripTrailingZeros().scale() <= 0;
        if (text.endsWith("i") && whole) {
            return Optional.of(binary(value.toBigIntegerExact()));
        }
        String plain = text.replaceAll("^[+-]?[0-9.]*", "");
        boolean exponent =
                plain.length() > 1
                        && (plain.startsWith("e") || plain.startsWith("E"))
                        && !plain.equals("Ei");
        return Optional.of(exponent ? exponent(value) : decimal(value));
    }

    private static String binary(BigInteger value) {
        int suffix = 0;
        while (suffix < BINARY.length - 1 && value.mod(KIBI).signum() == 0) {
            value = value.divide(KIBI);
            suffix++;
        }
        return value + BINARY[suffix];
    }

    private static String decimal(BigDecimal value) {
        int suffix = DECIMAL.length - 1;
        BigDecimal scaled = value.movePointLeft(18);
        while (suffix > 0 && scaled.stripTrailingZeros().scale() > 0) {
            scaled = scaled.movePointRight(3);
            suffix--;
        }
        return scaled.toBigIntegerExact() + DECIMAL[suffix];
    }

    private static String exponent(BigDecimal value) {
        BigDecimal stripped = value.stripTrailingZeros();
        // Exponents step by three, as the suffixes do.
        int exponent = Math.floorDiv(-stripped.scale(), 3) * 3;
        BigInteger digits = stripped.movePointLeft(exponent).toBigIntegerExact();
        return exponent == 0 ? digits.toString() : digits + "e" + exponent;
    }
}

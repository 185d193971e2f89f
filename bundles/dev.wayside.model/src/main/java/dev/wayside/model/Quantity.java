// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A resource quantity: {@code 100m}, {@code 1.5}, {@code 64Mi}, {@code 1e3}. */
public record Quantity(BigDecimal value) implements Comparable<Quantity> {
    public static final Quantity ZERO = new Quantity(BigDecimal.ZERO);

    private static final Pattern FORM =
            Pattern.compile(
                    "([+-]?(?:[0-9]{1,30}\\.?[0-9]{0,30}|\\.[0-9]{1,30}))(n|u|m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi|E|Ei|[eE][+-]?[0-9]{1,2})?");
    private static final Map<String, BigDecimal> SCALES =
            Map.ofEntries(
                    Map.entry("n", new BigDecimal("1e-9")),
                    Map.entry("u", new BigDecimal("1e-6")),
                    Map.entry("m", new BigDecimal("1e-3")),
                    Map.entry("k", new BigDecimal("1e3")),
                    Map.entry("M", new BigDecimal("1e6")),
                    Map.entry("G", new BigDecimal("1e9")),
                    Map.entry("T", new BigDecimal("1e12")),
                    Map.entry("P", new BigDecimal("1e15")),
                    Map.entry("E", new BigDecimal("1e18")),
                    Map.entry("Ki", BigDecimal.valueOf(1L << 10)),
                    Map.entry("Mi", BigDecimal.valueOf(1L << 20)),
                    Map.entry("Gi", BigDecimal.valueOf(1L << 30)),
                    Map.entry("Ti", BigDecimal.valueOf(1L << 40)),
                    Map.entry("Pi", BigDecimal.valueOf(1L << 50)),
                    Map.entry("Ei", BigDecimal.valueOf(1L << 60)));

    /**
     * @throws IllegalArgumentException if the text is no quantity
     */
    public static Quantity parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "quantities must match the regular expression "
                            + "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$', got \""
                            + text
                            + "\"");
        }
        BigDecimal number = new BigDecimal(matcher.group(1));
        String suffix = matcher.group(2);
        if (suffix == null) {
            return new Quantity(number);
        }
        BigDecimal scale = SCALES.get(suffix);
        return new Quantity(
                scale != null
                        ? number.multiply(scale)
                        : number.scaleByPowerOfTen(Integer.parseInt(suffix.substring(1))));
    }

    /**
     * Reads a quantity from JSON, where a bare number is allowed; zero where the member is absent.
     */
    public static Quantity of(JsonObject object, String name) {
        Json value = object.get(name).orElse(JsonNull.INSTANCE);
        if (value instanceof JsonString string) {
            return parse(string.value());
        }
        return value instanceof JsonNumber number ? parse(number.text()) : ZERO;
    }

    public Quantity plus(Quantity other) {
        return new Quantity(value.add(other.value));
    }

    public Quantity minus(Quantity other) {
        return new Quantity(value.subtract(other.value));
    }

    /** In thousandths, rounded up: the unit of cpu. Clamped to a long. */
    public long milli() {
        return clamp(value.movePointRight(3));
    }

    /** In whole units, rounded up: bytes for memory. Clamped to a long. */
    public long whole() {
        return clamp(value);
    }

    private static long clamp(BigDecimal number) {
        BigDecimal up = number.setScale(0, RoundingMode.CEILING);
        BigDecimal most = BigDecimal.valueOf(Long.MAX_VALUE);
        return up.min(most).max(most.negate()).longValue();
    }

    @Override
    public int compareTo(Quantity other) {
        return value.compareTo(other.value);
    }
}

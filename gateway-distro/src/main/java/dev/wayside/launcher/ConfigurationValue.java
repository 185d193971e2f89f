// SPDX-License-Identifier: Apache-2.0
package dev.wayside.launcher;

import java.util.List;

/**
 * Turns a JSON value into a configuration's, by the type that its key names (compendium chapter
 * 159, configurations).
 */
final class ConfigurationValue {
    private ConfigurationValue() {}

    /**
     * @param type {@code ""}, or one of String, Integer, Long, Double, Float, Boolean, or one of
     *     them with {@code []}
     * @throws IllegalArgumentException if the value does not fit the type, or the type is unknown
     */
    static Object of(String type, Object value) {
        if (type.endsWith("[]")) {
            return array(type.substring(0, type.length() - 2), value);
        }
        return switch (type) {
            case "" -> value instanceof List<?> ? array("String", value) : value;
            case "String" -> String.valueOf(value);
            case "Integer" -> Math.toIntExact(whole(value));
            case "Long" -> whole(value);
            case "Double" -> number(value).doubleValue();
            case "Float" -> number(value).floatValue();
            case "Boolean" -> truth(value);
            default -> throw new IllegalArgumentException("unknown type \"" + type + "\"");
        };
    }

    private static Object array(String type, Object value) {
        if (!(value instanceof List<?> list)) {
            throw new IllegalArgumentException(value + " is no list");
        }
        Object[] items = list.stream().map(item -> of(type, item)).toArray();
        Object[] typed =
                (Object[]) java.lang.reflect.Array.newInstance(classOf(type), items.length);
        System.arraycopy(items, 0, typed, 0, items.length);
        return typed;
    }

    private static Class<?> classOf(String type) {
        return switch (type) {
            case "String" -> String.class;
            case "Integer" -> Integer.class;
            case "Long" -> Long.class;
            case "Double" -> Double.class;
            case "Float" -> Float.class;
            case "Boolean" -> Boolean.class;
            default -> throw new IllegalArgumentException("unknown type \"" + type + "[]\"");
        };
    }

    private static long whole(Object value) {
        if (value instanceof Long whole) {
            return whole;
        }
        throw new IllegalArgumentException(value + " is no whole number");
    }

    private static Number number(Object value) {
        if (value instanceof Number number) {
            return number;
        }
        throw new IllegalArgumentException(value + " is no number");
    }

    private static Boolean truth(Object value) {
        if (value instanceof Boolean truth) {
            return truth;
        }
        throw new IllegalArgumentException(value + " is neither true nor false");
    }
}

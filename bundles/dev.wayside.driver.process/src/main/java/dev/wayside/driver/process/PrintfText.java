// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.process;

import java.nio.charset.StandardCharsets;

/**
 * Text in the notation of {@code printf %b}, in ASCII only: what a JVM in the POSIX locale passes
 * on to a process unharmed. A text without backslash stands for itself.
 */
final class PrintfText {
    private PrintfText() {}

    static String encode(String text) {
        StringBuilder out = new StringBuilder(text.length() + 16);
        for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
            int value = each & 0xff;
            if (value == '\\' || value > 126) {
                out.append("\\0").append(octal(value));
            } else {
                out.append((char) value);
            }
        }
        return out.toString();
    }

    /** Always three digits, so that a digit that follows is not taken for one of them. */
    private static String octal(int value) {
        return "" + (value >> 6) + ((value >> 3) & 7) + (value & 7);
    }
}

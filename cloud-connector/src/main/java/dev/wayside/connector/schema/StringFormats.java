// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The formats of strings that a schema may ask for. As in Kubernetes, one that is not known here
 * asks for nothing.
 */
final class StringFormats {
    private static final int LONGEST = 64 * 1024;
    private static final Pattern UUID =
            Pattern.compile("(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}");
    private static final Pattern IPV4 =
            Pattern.compile("((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\\.(?!$)|$)){4}");
    private static final Pattern MAC =
            Pattern.compile("(?i)[0-9a-f]{2}([:-][0-9a-f]{2}){5}|([0-9a-f]{4}\\.){2}[0-9a-f]{4}");
    private static final Pattern HOST =
            Pattern.compile("(?i)[a-z0-9_]([-a-z0-9_]{0,61}[a-z0-9_])?");
    private static final Pattern EMAIL = Pattern.compile("[^@\\s<>]{1,64}@[^@\\s<>]{1,255}");
    private static final Pattern DURATION =
            Pattern.compile("[-+]?(0|(([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)");
    private static final Pattern WORDY_DURATION =
            Pattern.compile(
                    "[0-9]+ ?(ns|us|ms|s|m|h|d|w|(nano|micro|milli)?seconds?|minutes?"
                            + "|hours?|days?|weeks?)");
    private static final Pattern HEX_COLOR = Pattern.compile("#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})");
    private static final Pattern OBJECT_ID = Pattern.compile("[0-9a-fA-F]{24}");

    private StringFormats() {}

    static boolean isOf(String format, String text) {
        if (text.length() > LONGEST && !format.equals("byte")) {
            return !isKnown(format);
        }
        return switch (format.toLowerCase(Locale.ROOT).replace("-", "")) {
            case "datetime" -> isDateTime(text);
            case "date" -> isDate(text);
            case "duration" -> isDuration(text);
            case "byte" -> isBase64(text);
            case "uuid" -> UUID.matcher(text).matches();
            case "uuid3" -> isUuid(text, '3');
            case "uuid4" -> isUuid(text, '4');
            case "uuid5" -> isUuid(text, '5');
            case "ipv4" -> IPV4.matcher(text).matches();
            case "ipv6" -> isIpv6(text);
            case "cidr" -> isCidr(text);
            case "mac" -> MAC.matcher(text).matches();
            case "hostname" -> isHost(text);
            case "email" -> EMAIL.matcher(text).matches();
            case "uri" -> isUri(text);
            case "hexcolor" -> HEX_COLOR.matcher(text).matches();
            case "bsonobjectid" -> OBJECT_ID.matcher(text).matches();
            default -> true;
        };
    }

    private static boolean isKnown(String format) {
        // No text satisfies all formats, so one that does not matter accepts this.
        return !isOf(format, " ");
    }

    private static boolean isDateTime(String text) {
        try {
            OffsetDateTime.parse(text.replace('t', 'T').replace('z', 'Z'));
            return true;
        } catch (DateTimeParseException e) {
            return false;
        }
    }

    private static boolean isDate(String text) {
        try {
            LocalDate.parse(text);
            return text.length() == 10;
        } catch (DateTimeParseException e) {
            return false;
        }
    }

    private static boolean isDuration(String text) {
        return text.length() <= 256
                && (DURATION.matcher(text).matches() || WORDY_DURATION.matcher(text).matches());
    }

    private static boolean isBase64(String text) {
        try {
            Base64.getDecoder().decode(text);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean isUuid(String text, char version) {
        String digits = text.replace("-", "");
        return UUID.matcher(text).matches() && digits.charAt(12) == version;
    }

    private static boolean isIpv6(String text) {
        int gap = text.indexOf("::");
        if (gap != text.lastIndexOf("::") || text.contains(":::")) {
            return false;
        }
        int groups = 0;
        String[] halves = gap < 0 ? new String[] {text} : text.split("::", -1);
        for (int half = 0; half < halves.length; half++) {
            if (halves[half].isEmpty()) {
                continue;
            }
            String[] parts = halves[half].split(":", -1);
            for (int i = 0; i < parts.length; i++) {
                boolean last = half == halves.length - 1 && i == parts.length - 1;
                if (last && IPV4.matcher(parts[i]).matches()) {
                    groups += 2;
                } else if (parts[i].matches("[0-9a-fA-F]{1,4}")) {
                    groups++;
                } else {
                    return false;
                }
            }
        }
        return gap < 0 ? groups == 8 : groups < 8;
    }

    private static boolean isCidr(String text) {
        int slash = text.indexOf('/');
        if (slash < 0 || !text.substring(slash + 1).matches("0|[1-9][0-9]{0,2}")) {
            return false;
        }
        String address = text.substring(0, slash);
        int bits = Integer.parseInt(text.substring(slash + 1));
        return IPV4.matcher(address).matches() ? bits <= 32 : isIpv6(address) && bits <= 128;
    }

    private static boolean isHost(String text) {
        if (text.isEmpty() || text.length() > 255) {
            return false;
        }
        for (String label : text.split("\\.", -1)) {
            if (!HOST.matcher(label).matches()) {
                return false;
            }
        }
        return true;
    }

    private static boolean isUri(String text) {
        try {
            URI uri = new URI(text);
            return uri.isAbsolute() || text.startsWith("/");
        } catch (URISyntaxException e) {
            return false;
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Where the addresses of Services come from: a network of IPv4. Its first and last address are
 * nobody's. The lower part, at most 256, is given out only when the rest is taken, so that who
 * chooses an address there is not forestalled.
 */
public record ServiceRange(int network, int prefix) {
    private static final Pattern ADDRESS =
            Pattern.compile(
                    "(0|[1-9]\\d{0,2})\\.(0|[1-9]\\d{0,2})\\.(0|[1-9]\\d{0,2})\\.(0|[1-9]\\d{0,2})");
    private static final int WIDEST = 12;
    private static final int NARROWEST = 28;

    /** What there is unless the operator says otherwise. */
    public static final ServiceRange DEFAULT = parse("10.96.0.0/16");

    /**
     * @param text for instance {@code 10.96.0.0/16}
     * @throws IllegalArgumentException if it is no network of IPv4 from /12 to /28
     */
    public static ServiceRange parse(String text) {
        int slash = text.indexOf('/');
        String prefix = slash < 0 ? "" : text.substring(slash + 1);
        Matcher address = ADDRESS.matcher(slash < 0 ? text : text.substring(0, slash));
        if (!address.matches() || !prefix.matches("\\d{1,2}")) {
            throw malformed(text);
        }
        int bits = Integer.parseInt(prefix);
        OptionalInt network = address(address);
        if (network.isEmpty() || bits < WIDEST || bits > NARROWEST) {
            throw malformed(text);
        }
        ServiceRange range = new ServiceRange(network.getAsInt() & mask(bits), bits);
        if (range.network() != network.getAsInt()) {
            throw new IllegalArgumentException(
                    "\""
                            + text
                            + "\" has an address within the network; did you mean "
                            + range
                            + "?");
        }
        return range;
    }

    /** Whether a Service may have the address. */
    public boolean holds(String address) {
        Matcher matcher = ADDRESS.matcher(address);
        OptionalInt number = matcher.matches() ? address(matcher) : OptionalInt.empty();
        return number.isPresent()
                && (number.getAsInt() & mask(prefix)) == network
                && number.getAsInt() != network
                && number.getAsInt() != network + size() - 1;
    }

    /** Whether any address is in both. */
    public boolean overlaps(int otherNetwork, int otherPrefix) {
        int mask = mask(Math.min(prefix, otherPrefix));
        return (network & mask) == (otherNetwork & mask);
    }

    /**
     * A free address; empty if there is none.
     *
     * @param seed the same seed begins the search at the same place
     */
    OptionalInt free(int seed, Set<String> taken) {
        int usable = size() - 2;
        int kept = usable < 16 ? 0 : Math.min(Math.max(usable / 16, 16), 256);
        int given = usable - kept;
        int start = Math.floorMod(seed, given);
        return IntStream.concat(
                        IntStream.range(0, given).map(i -> kept + (start + i) % given),
                        IntStream.range(0, kept))
                .map(i -> network + 1 + i)
                .filter(address -> !taken.contains(text(address)))
                .findFirst();
    }

    static String text(int address) {
        return (address >>> 24)
                + "."
                + (address >>> 16 & 255)
                + "."
                + (address >>> 8 & 255)
                + "."
                + (address & 255);
    }

    private int size() {
        return 1 << (32 - prefix);
    }

    private static int mask(int prefix) {
        return -1 << (32 - prefix);
    }

    private static OptionalInt address(Matcher matcher) {
        int address = 0;
        for (int i = 1; i <= 4; i++) {
            int octet = Integer.parseInt(matcher.group(i));
            if (octet > 255) {
                return OptionalInt.empty();
            }
            address = address << 8 | octet;
        }
        return OptionalInt.of(address);
    }

    private static IllegalArgumentException malformed(String text) {
        return new IllegalArgumentException(
                "\"" + text + "\" is no network of IPv4 from /12 to /28, like 10.96.0.0/16");
    }

    @Override
    public String toString() {
        return text(network) + "/" + prefix;
    }
}

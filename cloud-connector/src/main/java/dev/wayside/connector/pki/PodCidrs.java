// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.pki;

import dev.wayside.model.KubeObject;
import java.util.Collection;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The subnets for pods: a network of IPv4 cut into pieces of 256 addresses, one for each Node. What
 * is taken is read from the Nodes, so a subnet is free again when its Node is deleted.
 */
public record PodCidrs(int network, int prefix) {
    private static final Pattern SHAPE =
            Pattern.compile("(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})/(\\d{1,2})");
    private static final int PIECE_PREFIX = 24;

    /**
     * @param text for instance {@code 10.244.0.0/16}
     * @throws IllegalArgumentException if it is no network of IPv4 from /8 to /24
     */
    public static PodCidrs parse(String text) {
        Matcher matcher = SHAPE.matcher(text);
        if (!matcher.matches()) {
            throw malformed(text);
        }
        int address = 0;
        for (int i = 1; i <= 4; i++) {
            int octet = Integer.parseInt(matcher.group(i));
            if (octet > 255) {
                throw malformed(text);
            }
            address = address << 8 | octet;
        }
        int prefix = Integer.parseInt(matcher.group(5));
        if (prefix < 8 || prefix > PIECE_PREFIX || (address & ~(-1 << (32 - prefix))) != 0) {
            throw malformed(text);
        }
        return new PodCidrs(address, prefix);
    }

    /** The first subnet that no Node has; empty if all are taken. */
    public Optional<String> firstFree(Collection<KubeObject> nodes) {
        Set<String> taken = new HashSet<>();
        for (KubeObject node : nodes) {
            taken.add(node.spec().text("podCIDR"));
            taken.addAll(node.spec().array("podCIDRs").strings());
        }
        int pieces = 1 << (PIECE_PREFIX - prefix);
        for (int i = 0; i < pieces; i++) {
            String candidate = piece(i);
            if (!taken.contains(candidate)) {
                return Optional.of(candidate);
            }
        }
        return Optional.empty();
    }

    private String piece(int index) {
        int address = network + (index << 8);
        return (address >>> 24)
                + "."
                + (address >>> 16 & 255)
                + "."
                + (address >>> 8 & 255)
                + ".0/"
                + PIECE_PREFIX;
    }

    private static IllegalArgumentException malformed(String text) {
        return new IllegalArgumentException(
                "\"" + text + "\" is no network of IPv4 from /8 to /24, like 10.244.0.0/16");
    }

    @Override
    public String toString() {
        return (network >>> 24)
                + "."
                + (network >>> 16 & 255)
                + "."
                + (network >>> 8 & 255)
                + "."
                + (network & 255)
                + "/"
                + prefix;
    }
}

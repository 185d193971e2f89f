// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.process;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Optional;

/** The device's own address, which its host processes share. */
final class HostAddress {
    private final Path routes;

    /**
     * @param routes {@code /proc/net/route}, or a test's
     */
    HostAddress(Path routes) {
        this.routes = routes;
    }

    /** The IPv4 address of the default route's interface, else any other, else the loopback's. */
    String find() {
        try {
            Optional<String> preferred = defaultInterface();
            Optional<String> any = Optional.empty();
            for (NetworkInterface each :
                    Collections.list(NetworkInterface.getNetworkInterfaces())) {
                if (!each.isUp() || each.isLoopback()) {
                    continue;
                }
                for (InetAddress address : Collections.list(each.getInetAddresses())) {
                    if (!(address instanceof Inet4Address) || address.isLinkLocalAddress()) {
                        continue;
                    }
                    if (preferred.equals(Optional.of(each.getName()))) {
                        return address.getHostAddress();
                    }
                    if (any.isEmpty()) {
                        any = Optional.of(address.getHostAddress());
                    }
                }
            }
            return any.orElse("127.0.0.1");
        } catch (SocketException noInterfaces) {
            return "127.0.0.1";
        }
    }

    private Optional<String> defaultInterface() {
        try {
            return Files.readAllLines(routes, StandardCharsets.US_ASCII).stream()
                    .map(line -> line.split("\\s+"))
                    .filter(fields -> fields.length > 7 && fields[1].equals("00000000"))
                    .map(fields -> fields[0])
                    .findFirst();
        } catch (IOException none) {
            return Optional.empty();
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import dev.wayside.model.Names;
import dev.wayside.wire.CaPin;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * What {@code gateway join} is told.
 *
 * @param token {@code ID.SECRET}; never shown
 */
record JoinOptions(URI connector, String token, CaPin pin, String name, Path data) {
    static final String USAGE =
            """
            usage: gateway join --connector https://HOST:8443 --ca-hash sha256:HEX
                   (--token ID.SECRET | --token-file FILE|-) [--name NAME] [--data DIR]

              --token-file  reads the token from a file, or with - from standard input,
                            so that it is in no process list
              --name        the Node's name; default: this host's name
            """;

    private static final int MAX_TOKEN_BYTES = 1_024;
    private static final int MAX_PORT = 65_535;

    /**
     * @throws IllegalArgumentException if the arguments make no sense; the message says which
     * @throws IOException if the token can't be read
     */
    static JoinOptions parse(List<String> arguments, InputStream standardInput) throws IOException {
        String connector = "";
        String token = "";
        String tokenFile = "";
        String pin = "";
        String name = "";
        String data = "";
        for (int i = 0; i < arguments.size(); i += 2) {
            String option = arguments.get(i);
            if (i + 1 == arguments.size()) {
                throw new IllegalArgumentException(
                        "an option that is known, and a value for it, is needed: " + shown(option));
            }
            String value = arguments.get(i + 1);
            switch (option) {
                case "--connector" -> connector = value;
                case "--token" -> token = value;
                case "--token-file" -> tokenFile = value;
                case "--ca-hash" -> pin = value;
                case "--name" -> name = value;
                case "--data" -> data = value;
                default -> throw new IllegalArgumentException("unknown option: " + shown(option));
            }
        }
        if (token.isEmpty() == tokenFile.isEmpty()) {
            throw new IllegalArgumentException("one of --token and --token-file is needed");
        }
        if (pin.isEmpty()) {
            throw new IllegalArgumentException(
                    "--ca-hash is needed: it is how the right connector is known");
        }
        return new JoinOptions(
                connector(connector),
                token(tokenFile.isEmpty() ? token : read(tokenFile, standardInput)),
                CaPin.parse(pin),
                name(name.isEmpty() ? hostName() : name),
                Path.of(data.isEmpty() ? System.getProperty("wayside.data", "") : data)
                        .toAbsolutePath());
    }

    private static URI connector(String text) {
        URI uri;
        try {
            uri = URI.create(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("--connector is no URL: " + text, e);
        }
        if (!"https".equals(uri.getScheme())
                || uri.getHost() == null
                || uri.getRawUserInfo() != null
                || uri.getPort() == 0
                || uri.getPort() > MAX_PORT
                || !uri.getRawPath().matches("/?")
                || uri.getRawQuery() != null
                || uri.getRawFragment() != null) {
            throw new IllegalArgumentException("--connector must be https://HOST[:PORT]");
        }
        return uri;
    }

    /** What stands in the wrong place may be a token. */
    private static String shown(String option) {
        return option.startsWith("--") ? option.replaceFirst("=.*", "=…") : "…";
    }

    private static String token(String text) {
        String token = text.strip();
        int dot = token.indexOf('.');
        if (dot < 1 || dot == token.length() - 1 || token.chars().anyMatch(c -> c <= ' ')) {
            throw new IllegalArgumentException("the token must have the form ID.SECRET");
        }
        return token;
    }

    private static String read(String file, InputStream standardInput) throws IOException {
        try (InputStream in =
                file.equals("-") ? standardInput : Files.newInputStream(Path.of(file))) {
            return new String(in.readNBytes(MAX_TOKEN_BYTES), StandardCharsets.UTF_8);
        }
    }

    private static String name(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        // It is a label's value too, of kubernetes.io/hostname.
        if (!Names.isDnsSubdomain(lower) || !Names.isLabelValue(lower)) {
            throw new IllegalArgumentException(
                    "no name for a Node (up to 63 small letters, digits, '-' and '.'): " + name);
        }
        return lower;
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("this host has no name; give --name", e);
        }
    }

    @Override
    public String toString() {
        return name + " to " + connector;
    }
}

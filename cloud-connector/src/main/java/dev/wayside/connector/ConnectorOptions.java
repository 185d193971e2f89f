// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector;

import dev.wayside.connector.pki.PodCidrs;
import dev.wayside.connector.schema.ServiceRange;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How the connector is started.
 *
 * @param data folder for everything it keeps
 * @param advertise host names and addresses by which gateways and users reach it
 * @param podCidrs where the Nodes' subnets come from
 * @param serviceRange where new Services get their addresses from
 * @param certificateLifetime of gateways and users
 * @param readyFile written when it is ready, removed when it stops
 * @param kubeconfig where the admin's is written
 * @param encryptionKeys the file of the keys for Secrets at rest
 */
public record ConnectorOptions(
        Path data,
        String listenHost,
        int listenPort,
        List<String> advertise,
        PodCidrs podCidrs,
        ServiceRange serviceRange,
        Duration certificateLifetime,
        Optional<Path> readyFile,
        Path kubeconfig,
        Path encryptionKeys) {

    static final String USAGE =
            """
            Usage: connector [--data DIR] [--listen HOST:PORT] [--advertise HOST]...
                             [--cluster-cidr CIDR] [--service-cidr CIDR] [--certificate-days N]
                             [--ready-file FILE] [--kubeconfig FILE]
                             [--encryption-key-file FILE]
                   connector token create [--label KEY=VALUE]... [--taint KEY=VALUE:EFFECT]...
                             [--node NAME] [--ttl 1h] [--connector URL]
                             [--data DIR | --kubeconfig FILE]
                   connector node await NAME... [--timeout SECONDS] [--kubeconfig FILE]
                   connector backup FILE [--force] [--data DIR] [--kubeconfig FILE]
                             [--encryption-key-file FILE]
                   connector restore FILE [--check] [--data DIR] [--encryption-key-file FILE]

              --data DIR          where everything is kept (default: data)
              --listen HOST:PORT  default: 0.0.0.0:8443
              --advertise HOST    a name or address by which gateways reach it; may be repeated
              --cluster-cidr CIDR each Node gets a /24 of it for its pods (default: 10.244.0.0/16)
              --service-cidr CIDR new Services get their addresses from it; those that have one
                                  keep it (default: 10.96.0.0/16)
              --certificate-days N  lifetime of the certificates of gateways (default: 90)
              --ready-file FILE   written when the connector is ready
              --kubeconfig FILE   the admin's (default: kubeconfig in the data folder)
              --encryption-key-file FILE  keys for Secrets at rest, made at the first start
                                  (default: DIR-encryption.keys, beside the data folder)
            """;

    public ConnectorOptions {
        advertise = List.copyOf(advertise);
        if (encryptionKeys
                .toAbsolutePath()
                .normalize()
                .startsWith(data.toAbsolutePath().normalize())) {
            throw new IllegalArgumentException(
                    "--encryption-key-file must not be in the data folder that it protects: "
                            + encryptionKeys);
        }
    }

    /**
     * @throws IllegalArgumentException if an option is unknown or its value is no good
     */
    static ConnectorOptions parse(List<String> arguments) {
        Path data = Path.of("data");
        String host = "0.0.0.0";
        int port = 8443;
        List<String> advertise = new ArrayList<>();
        PodCidrs podCidrs = PodCidrs.parse("10.244.0.0/16");
        ServiceRange services = ServiceRange.DEFAULT;
        Duration lifetime = Duration.ofDays(90);
        Optional<Path> readyFile = Optional.empty();
        Optional<Path> kubeconfig = Optional.empty();
        Optional<Path> keyFile = Optional.empty();
        Arguments rest = new Arguments(arguments);
        while (rest.hasNext()) {
            String option = rest.next();
            switch (option) {
                case "--data" -> data = Path.of(rest.value(option));
                case "--listen" -> {
                    String listen = rest.value(option);
                    int colon = listen.lastIndexOf(':');
                    host = colon < 0 ? listen : listen.substring(0, colon);
                    port = colon < 0 ? port : port(listen.substring(colon + 1));
                    host = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
                }
                case "--advertise" -> advertise.add(rest.value(option));
                case "--cluster-cidr" -> podCidrs = PodCidrs.parse(rest.value(option));
                case "--service-cidr" -> services = ServiceRange.parse(rest.value(option));
                case "--certificate-days" -> {
                    int days = Arguments.number(option, rest.value(option), 1, 3650);
                    lifetime = Duration.ofDays(days);
                }
                case "--ready-file" -> readyFile = Optional.of(Path.of(rest.value(option)));
                case "--kubeconfig" -> kubeconfig = Optional.of(Path.of(rest.value(option)));
                case "--encryption-key-file" -> keyFile = Optional.of(Path.of(rest.value(option)));
                default -> throw new IllegalArgumentException("unknown option " + option);
            }
        }
        if (services.overlaps(podCidrs.network(), podCidrs.prefix())) {
            throw new IllegalArgumentException(
                    "--service-cidr "
                            + services
                            + " and --cluster-cidr "
                            + podCidrs
                            + " overlap: an address would be a pod's and a Service's");
        }
        return new ConnectorOptions(
                data,
                host,
                port,
                advertise,
                podCidrs,
                services,
                lifetime,
                readyFile,
                kubeconfig.orElse(data.resolve("kubeconfig")),
                keyFile.orElse(keyFileBeside(data)));
    }

    /** Not in the folder: who takes that away, or copies it, must not have the key as well. */
    static Path keyFileBeside(Path data) {
        Path folder = data.toAbsolutePath().normalize();
        return folder.resolveSibling(folder.getFileName() + "-encryption.keys");
    }

    InetSocketAddress listen() {
        return new InetSocketAddress(listenHost, listenPort);
    }

    /** All names that the server's certificate is for. */
    List<String> names() {
        List<String> names = new ArrayList<>(advertise);
        if (!isWildcard()) {
            names.add(listenHost);
        }
        return names;
    }

    /** The host for those on this machine. */
    String localHost() {
        return isWildcard() ? "127.0.0.1" : listenHost;
    }

    /** The host for gateways. */
    String advertisedHost() {
        return advertise.isEmpty() ? localHost() : advertise.get(0);
    }

    private boolean isWildcard() {
        return listenHost.isEmpty() || listenHost.equals("0.0.0.0") || listenHost.equals("::");
    }

    private static int port(String text) {
        return Arguments.number("--listen", text, 0, 65_535);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector;

import dev.wayside.connector.backup.Backup;
import dev.wayside.connector.backup.StoreDownload;
import dev.wayside.connector.store.EncryptionKeys;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;

/**
 * {@code connector backup FILE}: takes a backup of the running connector, on its machine; {@code
 * connector restore FILE}: brings it back while no connector runs.
 */
final class BackupCommand {
    private Optional<Path> file = Optional.empty();
    private Path data = Path.of("data");
    private Optional<Path> kubeconfig = Optional.empty();
    private Optional<Path> keyFile = Optional.empty();
    private boolean force;
    private boolean checkOnly;

    private BackupCommand() {}

    /**
     * @return the exit code
     * @throws IllegalArgumentException if the command line is wrong
     * @throws IOException if it cannot be done; the message says why
     */
    static int run(List<String> arguments, PrintStream out, Clock clock)
            throws IOException, InterruptedException {
        BackupCommand command = new BackupCommand();
        command.parse(arguments.subList(1, arguments.size()));
        out.println(arguments.get(0).equals("backup") ? command.backup() : command.restore(clock));
        return 0;
    }

    private void parse(List<String> arguments) {
        Arguments rest = new Arguments(arguments);
        while (rest.hasNext()) {
            String word = rest.next();
            switch (word) {
                case "--data" -> data = Path.of(rest.value(word));
                case "--kubeconfig" -> kubeconfig = Optional.of(Path.of(rest.value(word)));
                case "--encryption-key-file" -> keyFile = Optional.of(Path.of(rest.value(word)));
                case "--force" -> force = true;
                case "--check" -> checkOnly = true;
                default -> {
                    if (word.startsWith("-") || file.isPresent()) {
                        throw new IllegalArgumentException("unknown option " + word);
                    }
                    file = Optional.of(Path.of(word));
                }
            }
        }
    }

    private Backup named() {
        return new Backup(
                file.orElseThrow(() -> new IllegalArgumentException("which FILE is missing")));
    }

    private EncryptionKeys keys() throws IOException {
        return EncryptionKeys.read(keyFile.orElseGet(() -> ConnectorOptions.keyFileBeside(data)));
    }

    private String backup() throws IOException, InterruptedException {
        Backup backup = named();
        EncryptionKeys keys = keys();
        AdminClient client = new AdminClient(kubeconfig.orElse(data.resolve("kubeconfig")));
        try (InputStream store = client.stream(StoreDownload.PATH)) {
            return "backed up " + backup.write(store, data.resolve("pki"), keys, force);
        }
    }

    private String restore(Clock clock) throws IOException {
        Backup backup = named();
        EncryptionKeys keys = keys();
        return checkOnly
                ? "the backup is good: " + backup.check(keys)
                : "restored " + backup.restore(data, keys, clock);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The pinned helm, as the admin of an installation. */
final class Helm {
    private final Installation wayside;
    private final Path folder;

    /**
     * @param folder where it keeps what it keeps between calls
     */
    Helm(Installation wayside, Path folder) {
        this.wayside = wayside;
        this.folder = folder;
    }

    Command.Result run(String... words) throws Exception {
        List<String> all = new ArrayList<>();
        String bin = System.getenv("WAYSIDE_HELM");
        all.add(bin != null ? bin : Installation.ROOT.resolve(".wayside/tools/helm").toString());
        all.addAll(List.of(words));
        return Command.run(
                Duration.ofMinutes(3),
                Map.of(
                        "KUBECONFIG", wayside.data().resolve("kubeconfig").toString(),
                        "HELM_CACHE_HOME", folder.resolve("cache").toString(),
                        "HELM_CONFIG_HOME", folder.resolve("config").toString(),
                        "HELM_DATA_HOME", folder.resolve("data").toString()),
                wayside.inPlace(all));
    }

    String ok(String... words) throws Exception {
        return run(words).ok();
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.nio.file.Path;
import java.time.Clock;

/** The program that {@link KillTest} kills: writes for ever and prints what was answered. */
final class KilledWriter {
    private static final WriteOptions BY = WriteOptions.by("killed");

    private KilledWriter() {}

    public static void main(String[] args) throws Exception {
        Path dir = Path.of(args[0]);
        String round = args[1];
        EmbeddedObjectStore store =
                EmbeddedObjectStore.open(
                        dir, new TestKinds(), StoreSettings.DEFAULT, Clock.systemUTC());
        if (store.get(ResourceType.NAMESPACES.key("", "default")).isEmpty()) {
            store.create(
                    ResourceType.NAMESPACES,
                    KubeObject.of(ResourceType.NAMESPACES, "", "default"),
                    BY);
        }
        for (int writer = 0; writer < 3; writer++) {
            String name = "w" + writer;
            new Thread(() -> write(store, name, round)).start();
        }
    }

    private static void write(EmbeddedObjectStore store, String writer, String round) {
        for (int i = 0; ; i++) {
            ResourceType type = i % 10 == 9 ? ResourceType.LEASES : ResourceType.CONFIG_MAPS;
            String name = writer + "-" + i % 7;
            KubeObject object =
                    KubeObject.of(type, "default", name)
                            .with("data", JsonObject.of("value", round + "." + i));
            String revision =
                    (store.get(object.key(type)).isEmpty()
                                    ? store.create(type, object, BY)
                                    : store.update(type, object, "", BY))
                            .resourceVersion();
            String line =
                    String.join(" ", type.plural(), name, round + "." + i, revision, ".") + "\n";
            synchronized (KilledWriter.class) {
                System.out.print(line);
                System.out.flush();
            }
        }
    }
}

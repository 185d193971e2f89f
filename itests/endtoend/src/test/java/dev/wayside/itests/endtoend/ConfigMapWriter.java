// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Makes, changes and deletes ConfigMaps in turn until it is stopped, whether the connector answers
 * or not. It remembers what was acknowledged: that must be seen by every informer.
 */
final class ConfigMapWriter implements AutoCloseable {
    private static final int NAMES = 17;
    private static final int DELETE_EVERY = 5;

    private final KubernetesClient client;
    private final Thread thread;
    private volatile boolean stopped;

    private final Set<String> states = new HashSet<>();
    private final Set<String> deleted = new HashSet<>();
    private final Map<String, String> uids = new HashMap<>();
    private int failures;

    /**
     * @param client one that does not try again by itself
     */
    ConfigMapWriter(KubernetesClient client) {
        this.client = client;
        thread = new Thread(this::run, "config-map-writer");
        thread.start();
    }

    private void run() {
        for (int n = 0; !stopped; n++) {
            try {
                tryToWrite("written-" + n % NAMES, n);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void tryToWrite(String name, int n) throws InterruptedException {
        try {
            write(name, n);
        } catch (KubernetesClientException e) {
            failed();
        }
    }

    private void write(String name, int n) throws InterruptedException {
        if (n % DELETE_EVERY == 0 && uids.containsKey(name)) {
            String uid = uids.remove(name);
            if (!client.configMaps().inNamespace("default").withName(name).delete().isEmpty()) {
                synchronized (this) {
                    deleted.add(uid);
                }
            }
            return;
        }
        ConfigMap wanted =
                new ConfigMapBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .withNamespace("default")
                        .endMetadata()
                        .addToData("n", Integer.toString(n))
                        .build();
        ConfigMap written = client.resource(wanted).forceConflicts().serverSideApply();
        uids.put(name, written.getMetadata().getUid());
        synchronized (this) {
            states.add(name + "@" + written.getMetadata().getResourceVersion());
        }
        TimeUnit.MILLISECONDS.sleep(2); // its pace
    }

    private void failed() throws InterruptedException {
        synchronized (this) {
            failures++;
        }
        TimeUnit.MILLISECONDS.sleep(50); // before the next knock at a closed door
    }

    synchronized int failures() {
        return failures;
    }

    /** Each acknowledged state, as {@code NAME@REVISION}. */
    synchronized Set<String> states() {
        return Set.copyOf(states);
    }

    /** The UIDs of those whose deletion was acknowledged. */
    synchronized Set<String> deleted() {
        return Set.copyOf(deleted);
    }

    @Override
    public void close() throws InterruptedException {
        stopped = true;
        thread.join(60_000);
    }
}

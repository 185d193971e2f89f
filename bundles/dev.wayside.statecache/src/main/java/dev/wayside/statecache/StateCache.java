// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.api.link.CloudLink;
import dev.wayside.api.node.CertificateTime;
import dev.wayside.api.node.GatewayIdentity;
import dev.wayside.api.state.CacheHealth;
import dev.wayside.api.state.DesiredState;
import dev.wayside.api.state.LocalRecords;
import dev.wayside.api.state.Outbox;
import dev.wayside.api.state.StateException;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** The state cache's services; what they do is in the classes that it wires up. */
@Component(
        service = {
            DesiredState.class,
            Outbox.class,
            LocalRecords.class,
            CloudLink.class,
            CacheHealth.class
        })
@Designate(ocd = StateCache.Config.class)
public final class StateCache
        implements DesiredState, Outbox, LocalRecords, CloudLink, CacheHealth {

    @ObjectClassDefinition(name = "State cache")
    public @interface Config {
        @AttributeDefinition(
                description = "Folder of the state file; relative ones are below wayside.data")
        String dir() default "state";
    }

    private final Path folder;
    private final CertificateTime time;
    private @Nullable GatewayIdentity identity;
    private @Nullable Cache running;

    @Activate
    public StateCache(@Reference CertificateTime time, Config config) {
        this.time = time;
        this.folder = Path.of(System.getProperty("wayside.data", "")).resolve(config.dir());
    }

    /** Dynamic, because a renewed certificate must not close the store under its readers. */
    @Reference(policy = ReferencePolicy.DYNAMIC, policyOption = ReferencePolicyOption.GREEDY)
    synchronized void setIdentity(GatewayIdentity bound) {
        identity = bound;
        if (running != null) {
            running.renew(bound);
        }
    }

    /** The next one is bound already when the old one goes. */
    synchronized void unsetIdentity(GatewayIdentity unbound) {
        if (unbound.equals(identity)) {
            identity = null;
        }
    }

    @Activate
    synchronized void start() {
        GatewayIdentity bound = identity;
        if (bound == null) {
            throw new IllegalStateException("activated without an identity");
        }
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException("the folder can't be made: " + folder, e);
        }
        running = Cache.start(folder.toAbsolutePath().resolve("state.mv"), bound, time);
    }

    @Deactivate
    synchronized void stop() {
        cache().stop();
        running = null;
    }

    private synchronized Cache cache() {
        Cache cache = running;
        if (cache == null) {
            throw new IllegalStateException("the state cache is stopped");
        }
        return cache;
    }

    @Override
    public Optional<KubeObject> get(ObjectKey key) {
        return cache().desired().get(key);
    }

    @Override
    public List<KubeObject> list(ResourceType type) {
        return cache().desired().list(type);
    }

    @Override
    public boolean complete(ResourceType type) {
        return cache().desired().complete(type);
    }

    @Override
    public Subscription watch(ResourceType type, Consumer<ObjectKey> listener) {
        return cache().desired().watch(type, listener);
    }

    @Override
    public void status(ObjectKey key, String uid, JsonObject status) throws StateException {
        cache().outbox().status(key, uid, status);
    }

    @Override
    public Optional<JsonObject> lastStatus(ObjectKey key, String uid) {
        return cache().outbox().lastStatus(key, uid);
    }

    @Override
    public void confirmDeletion(ObjectKey key, String uid) throws StateException {
        cache().outbox().confirmDeletion(key, uid);
    }

    @Override
    public void event(EventRecord event) throws StateException {
        cache().outbox().event(event);
    }

    @Override
    public Optional<JsonObject> get(String bucket, String key) {
        return cache().records().get(bucket, key);
    }

    @Override
    public Map<String, JsonObject> all(String bucket) {
        return cache().records().all(bucket);
    }

    @Override
    public void put(String bucket, String key, JsonObject record) throws StateException {
        cache().records().put(bucket, key, record);
    }

    @Override
    public void remove(String bucket, String key) throws StateException {
        cache().records().remove(bucket, key);
    }

    @Override
    public CompletableFuture<JsonObject> send(String method, String path, JsonObject body) {
        return cache().link().send(method, path, body);
    }

    @Override
    public boolean connected() {
        return cache().link().connected();
    }

    @Override
    public Optional<Doubt> doubt() {
        return cache().health().doubt();
    }
}

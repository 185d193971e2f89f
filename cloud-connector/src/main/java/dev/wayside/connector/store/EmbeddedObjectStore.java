// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.connector.apply.Ownership;
import dev.wayside.connector.schema.KindDefinition;
import dev.wayside.connector.schema.KindDefinition.Allotted;
import dev.wayside.connector.schema.KindDefinition.FieldError;
import dev.wayside.connector.schema.Kinds;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BinaryOperator;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The connector's own store, in one file of H2's. It knows what Kubernetes means by create, update,
 * patch and delete; that a write is durable before it is answered, and in which order it is seen,
 * is the {@link StoreEngine}'s care. Every write is worked out on the caller's thread from what the
 * caller saw, and worked out again if somebody else was quicker.
 */
public final class EmbeddedObjectStore implements ObjectStore, AutoCloseable {
    private static final int ATTEMPTS = 50;
    private static final int NAME_ATTEMPTS = 8;

    private final @Nullable DataFolder folder;
    private final StoreEngine engine;
    private final Allotments allotments;
    private final Kinds kinds;
    private final StoreSettings settings;
    private final Clock clock;

    private EmbeddedObjectStore(
            @Nullable DataFolder folder,
            StoreEngine engine,
            Kinds kinds,
            StoreSettings settings,
            Clock clock) {
        this.folder = folder;
        this.engine = engine;
        this.allotments = new Allotments(engine);
        this.kinds = kinds;
        this.settings = settings;
        this.clock = clock;
    }

    /**
     * Opens the store in a folder, makes it if there is none, and starts its threads.
     *
     * @param keys for what is secret
     * @throws IOException if the folder is in use by another process, cannot be written, or holds a
     *     store that is damaged, of another format, or encrypted with another key; the message says
     *     which
     */
    public static EmbeddedObjectStore open(
            Path dir, Kinds kinds, StoreSettings settings, EncryptionKeys.Source keys, Clock clock)
            throws IOException {
        DataFolder folder = DataFolder.lock(dir);
        try {
            String file = file(dir);
            StoreEngine engine = StoreEngine.open(file, kinds, settings, keys, DiskSpace.of(file));
            folder.sync();
            return new EmbeddedObjectStore(folder, engine, kinds, settings, clock);
        } catch (IOException | RuntimeException e) {
            folder.close();
            throw e;
        }
    }

    /** Opens a store that is not encrypted. */
    public static EmbeddedObjectStore open(
            Path dir, Kinds kinds, StoreSettings settings, Clock clock) throws IOException {
        return open(dir, kinds, settings, EncryptionKeys.Source.NONE, clock);
    }

    static String file(Path dir) {
        return dir.toAbsolutePath().resolve("objects.mv").toString();
    }

    /** Opens a store on a file system of H2's, for tests of power cuts. */
    static EmbeddedObjectStore openFile(
            String path, Kinds kinds, StoreSettings settings, Clock clock) throws IOException {
        return openFile(
                path, kinds, settings, EncryptionKeys.Source.NONE, DiskSpace.of(path), clock);
    }

    static EmbeddedObjectStore openFile(
            String path,
            Kinds kinds,
            StoreSettings settings,
            EncryptionKeys.Source keys,
            DiskSpace space,
            Clock clock)
            throws IOException {
        return new EmbeddedObjectStore(
                null, StoreEngine.open(path, kinds, settings, keys, space), kinds, settings, clock);
    }

    /** Why nothing can be written now; {@code ""} if it can. */
    public String trouble() {
        return engine.trouble();
    }

    /** Everything as it is now, while writes go on: what was read of memory is not copied. */
    public StoreCopy copy() {
        return engine.copy();
    }

    /** How many watches of a kind were asked about changes so far, over all changes. */
    public long watchesAsked(ResourceType type) {
        return engine.watchesAsked(type);
    }

    /** How often the file was read so far: on opening, and by the writer. */
    public long fileReads() {
        return engine.fileReads();
    }

    @Override
    public Optional<KubeObject> get(ObjectKey key) {
        // As it would be stored today: who writes it back need not know the version of old.
        return Optional.ofNullable(engine.get(key))
                .map(Stored::object)
                .map(
                        object ->
                                kinds.byQualified(key.resource())
                                        .map(kind -> kind.converted(object))
                                        .orElse(object));
    }

    @Override
    public ObjectList list(ListQuery query) {
        KindDefinition kind = kind(query.type());
        Selection selection = Selection.of(kind, query.namespace(), query.labels(), query.fields());
        return new ListReader(engine).list(query, selection);
    }

    @Override
    public Watch watch(WatchQuery query, WatchListener listener) {
        Selection selection =
                Selection.of(kind(query.type()), query.namespace(), query.labels(), query.fields());
        return engine.watch(
                query, selection, ListReader.revision(query.resourceVersion()), listener);
    }

    @Override
    public KubeObject create(ResourceType type, KubeObject object, WriteOptions options) {
        KindDefinition kind = kind(type);
        KubeObject ofKind = WriteRules.ofKind(kind, object);
        if (!ofKind.resourceVersion().isEmpty()) {
            throw new ApiException(
                    Reason.BAD_REQUEST,
                    "resourceVersion should not be set on objects to be created");
        }
        if (type.namespaced() && ofKind.namespace().isEmpty()) {
            throw new ApiException(
                    Reason.BAD_REQUEST, "an empty namespace may not be set during creation");
        }
        String prefix = ofKind.metadata().text("generateName");
        if (!ofKind.name().isEmpty() || prefix.isEmpty()) {
            return create(kind, ofKind, ofKind.name(), options)
                    .orElseThrow(() -> ApiException.alreadyExists(ofKind.key(type)));
        }
        for (int i = 0; i < NAME_ATTEMPTS; i++) {
            Optional<KubeObject> created = create(kind, ofKind, GeneratedNames.of(prefix), options);
            if (created.isPresent()) {
                return created.get();
            }
        }
        throw new ApiException(
                Reason.ALREADY_EXISTS,
                type.qualified()
                        + " \""
                        + prefix
                        + "\" already exists, the server was not able to generate a unique name"
                        + " for the object",
                type.group(),
                type.plural(),
                prefix,
                List.of());
    }

    /** Empty if there is an object of that name. */
    private Optional<KubeObject> create(
            KindDefinition kind, KubeObject object, String name, WriteOptions options) {
        return allotments.alone(kind, () -> createNow(kind, object, name, options));
    }

    private Optional<KubeObject> createNow(
            KindDefinition kind, KubeObject object, String name, WriteOptions options) {
        Instant now = clock.instant();
        Allotted allotted =
                allotments.given(
                        kind,
                        null,
                        WriteRules.created(kind, object, name, UUID.randomUUID().toString(), now));
        KubeObject wanted = allotted.object();
        WriteRules.refuseIfWrong(
                kind, wanted, joined(allotted.errors(), kind.validateCreate(wanted)));
        KubeObject created = new FieldTracking(kind, "", options, now).created(object, wanted);
        options.admission().admit(null, created);
        ObjectKey key = created.key(kind.type());
        if (options.dryRun()) {
            refuseIfNoNamespace(kind, key);
            return engine.get(key) == null ? Optional.of(created) : Optional.empty();
        }
        Write.Outcome outcome = engine.write(Write.put(draft(kind, key, created), 0));
        if (outcome instanceof Write.NoNamespace obstacle) {
            throw noNamespace(kind, key, obstacle.ending());
        }
        if (outcome instanceof Write.NoKind obstacle) {
            throw obstacle.ending() ? kindIsEnding(kind) : unknown(kind.type());
        }
        return outcome instanceof Write.Done done
                ? Optional.of(kind.converted(after(done.change())))
                : Optional.empty();
    }

    private void refuseIfNoNamespace(KindDefinition kind, ObjectKey key) {
        if (kind.type().namespaced()
                && kinds.byQualified(ResourceType.NAMESPACES.qualified()).isPresent()) {
            Stored namespace = engine.get(ResourceType.NAMESPACES.key("", key.namespace()));
            if (namespace == null || namespace.object().deleted().isPresent()) {
                throw noNamespace(kind, key, namespace != null);
            }
        }
    }

    private static ApiException noNamespace(KindDefinition kind, ObjectKey key, boolean ending) {
        if (!ending) {
            return ApiException.notFound(ResourceType.NAMESPACES.key("", key.namespace()));
        }
        return new ApiException(
                Reason.FORBIDDEN,
                key.resource()
                        + " \""
                        + key.name()
                        + "\" is forbidden: unable to create new content in namespace "
                        + key.namespace()
                        + " because it is being terminated",
                kind.type().group(),
                kind.type().plural(),
                key.name(),
                List.of(
                        new ApiException.Cause(
                                "NamespaceTerminating",
                                "namespace " + key.namespace() + " is being terminated",
                                "metadata.namespace")));
    }

    @Override
    public KubeObject update(
            ResourceType type, KubeObject object, String subresource, WriteOptions options) {
        KindDefinition kind = kind(type);
        ObjectKey key = object.key(type);
        return again(
                key,
                () -> {
                    Stored seen = seen(key);
                    FieldTracking tracking = tracking(kind, subresource, options);
                    return replace(kind, seen, object, subresource, options, tracking::updated)
                            .map(after -> seenThrough(kind, subresource, after));
                });
    }

    private FieldTracking tracking(KindDefinition kind, String subresource, WriteOptions options) {
        return new FieldTracking(kind, subresource, options, clock.instant());
    }

    @Override
    public KubeObject patch(
            ResourceType type,
            ObjectKey key,
            Patch patch,
            String subresource,
            WriteOptions options) {
        KindDefinition kind = kind(type);
        return again(
                key,
                () -> {
                    Stored seen = seen(key);
                    FieldTracking tracking = tracking(kind, subresource, options);
                    if (patch.type() == PatchType.APPLY) {
                        return applied(kind, seen, patch, subresource, options, tracking);
                    }
                    KubeObject patched =
                            patched(kind, kind.converted(seen.object()), patch, subresource);
                    refuseIfRenamed(key, patched.key(type));
                    return replace(kind, seen, patched, subresource, options, tracking::updated)
                            .map(after -> seenThrough(kind, subresource, after));
                });
    }

    private static void refuseIfRenamed(ObjectKey key, ObjectKey patched) {
        if (!patched.equals(key)) {
            throw new ApiException(
                    Reason.BAD_REQUEST,
                    "the name of the object ("
                            + patched.path()
                            + ") does not match the name on the URL ("
                            + key.path()
                            + ")");
        }
    }

    private Optional<KubeObject> applied(
            KindDefinition kind,
            Stored seen,
            Patch patch,
            String subresource,
            WriteOptions options,
            FieldTracking tracking) {
        JsonObject config = Patches.configuration(kind, patch, subresource);
        Ownership.Applied applied = tracking.apply(kind.converted(seen.object()), config);
        KubeObject merged = stored(kind, applied.object());
        refuseIfRenamed(seen.key(), merged.key(kind.type()));
        return replace(
                        kind,
                        seen,
                        seenThrough(kind, subresource, merged),
                        subresource,
                        options,
                        (before, after) -> applied.owned(after))
                .map(after -> seenThrough(kind, subresource, after));
    }

    private static KubeObject patched(
            KindDefinition kind, KubeObject before, Patch patch, String subresource) {
        if (subresource.equals("scale")) {
            return new KubeObject(Patches.apply(kind, Scales.of(kind, before).json(), patch, true));
        }
        return stored(kind, Patches.apply(kind, before.json(), patch, false));
    }

    private static KubeObject stored(KindDefinition kind, JsonObject patched) {
        Optional<String> wrongType = kind.wrongType(patched);
        if (wrongType.isPresent()) {
            throw new ApiException(Reason.BAD_REQUEST, wrongType.get());
        }
        return new KubeObject(kind.pruned(patched));
    }

    private static KubeObject seenThrough(
            KindDefinition kind, String subresource, KubeObject object) {
        return subresource.equals("scale") ? Scales.of(kind, object) : object;
    }

    private static List<FieldError> joined(List<FieldError> some, List<FieldError> others) {
        return Stream.concat(some.stream(), others.stream()).toList();
    }

    /**
     * Empty if somebody else wrote in between.
     *
     * @param owned notes who owns what, once it is settled what the object becomes
     */
    private Optional<KubeObject> replace(
            KindDefinition kind,
            Stored seen,
            KubeObject object,
            String subresource,
            WriteOptions options,
            BinaryOperator<KubeObject> owned) {
        return allotments.alone(
                kind, () -> replaceNow(kind, seen, object, subresource, options, owned));
    }

    private Optional<KubeObject> replaceNow(
            KindDefinition kind,
            Stored seen,
            KubeObject object,
            String subresource,
            WriteOptions options,
            BinaryOperator<KubeObject> owned) {
        KubeObject before = kind.converted(seen.object());
        WriteRules.checkPreconditions(seen.key(), before, object);
        Allotted allotted =
                allotments.given(
                        kind,
                        before,
                        owned.apply(
                                before,
                                WriteRules.replaced(
                                        kind, before, object, subresource, clock.instant())));
        KubeObject after = allotted.object();
        WriteRules.refuseIfWrong(
                kind,
                after,
                joined(allotted.errors(), kind.validateUpdate(before, after, subresource)));
        options.admission().admit(before, after);
        boolean ends = Deletion.isOver(kind, after);
        KubeObject unwritten = Stored.at(after, seen.revision());
        if (options.dryRun() || (!ends && asStored(kind, unwritten).equals(seen.object()))) {
            return Optional.of(unwritten);
        }
        Write write =
                ends
                        ? Write.remove(kind, seen)
                        : Write.put(draft(kind, seen.key(), after), seen.revision());
        return engine.write(write) instanceof Write.Done done
                ? Optional.of(
                        ends
                                ? Stored.at(after, done.change().revision())
                                : kind.converted(after(done.change())))
                : Optional.empty();
    }

    @Override
    public Deleted delete(ResourceType type, ObjectKey key, DeleteOptions options) {
        KindDefinition kind = kind(type);
        return again(
                key,
                () -> {
                    Stored seen = seen(key);
                    KubeObject before = seen.object();
                    KubeObject marked = Deletion.marked(kind, before, options, clock.instant());
                    boolean gone = Deletion.isOver(kind, marked);
                    if (options.dryRun() || (!gone && marked.equals(before))) {
                        return Optional.of(new Deleted(kind.converted(marked), gone));
                    }
                    Write write =
                            gone
                                    ? Write.remove(kind, seen)
                                    : Write.put(draft(kind, key, marked), seen.revision());
                    return engine.write(write) instanceof Write.Done done
                            ? Optional.of(
                                    new Deleted(
                                            kind.converted(
                                                    gone
                                                            ? Stored.at(
                                                                    before,
                                                                    done.change().revision())
                                                            : after(done.change())),
                                            gone))
                            : Optional.empty();
                });
    }

    /** Works a write out until nobody else is quicker. */
    private static <T> T again(ObjectKey key, Supplier<Optional<T>> attempt) {
        for (int i = 0; i < ATTEMPTS; i++) {
            Optional<T> result = attempt.get();
            if (result.isPresent()) {
                return result.get();
            }
        }
        throw WriteRules.modified(key);
    }

    private Stored seen(ObjectKey key) {
        Stored seen = engine.get(key);
        if (seen == null) {
            throw ApiException.notFound(key);
        }
        return seen;
    }

    private static KubeObject after(Change change) {
        Stored after = change.after();
        if (after == null) {
            throw new IllegalStateException(change.key() + " was written and is not there");
        }
        return after.object();
    }

    /** The object as it is stored, whichever version of its kind the caller speaks of. */
    private KubeObject asStored(KindDefinition kind, KubeObject object) {
        return kind.unconverted(object, storedKind(kind).type().apiVersion());
    }

    private KindDefinition storedKind(KindDefinition kind) {
        return kinds.byQualified(kind.type().qualified()).orElse(kind);
    }

    private Stored.Draft draft(KindDefinition kind, ObjectKey key, KubeObject object) {
        Stored.Draft draft = Stored.Draft.of(storedKind(kind), key, asStored(kind, object));
        if (draft.text().length > settings.maxObjectBytes()) {
            throw new ApiException(
                    Reason.TOO_LARGE,
                    key
                            + " is too large: it has "
                            + draft.text().length
                            + " bytes, and the limit is "
                            + settings.maxObjectBytes());
        }
        return draft;
    }

    /** The kind in the version that is asked for; else, for callers of our own, as it is stored. */
    private KindDefinition kind(ResourceType type) {
        return kinds.byPlural(type.group(), type.version(), type.plural())
                .or(() -> kinds.byQualified(type.qualified()))
                .orElseThrow(() -> unknown(type));
    }

    private static ApiException unknown(ResourceType type) {
        return new ApiException(
                Reason.NOT_FOUND,
                "the server could not find the requested resource",
                type.group(),
                type.plural(),
                "",
                List.of());
    }

    private static ApiException kindIsEnding(KindDefinition kind) {
        return new ApiException(
                Reason.METHOD_NOT_ALLOWED,
                "create not allowed while custom resource definition is terminating",
                kind.type().group(),
                kind.type().plural(),
                "",
                List.of());
    }

    /** Writes what waits, ends all watches, and closes the file; within half a minute. */
    @Override
    public void close() {
        engine.close();
        if (folder != null) {
            folder.close();
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.api.driver.ContainerDriver;
import dev.wayside.api.driver.ContainerRequest;
import dev.wayside.api.driver.ContainerRequest.Mount;
import dev.wayside.api.driver.DriverException;
import dev.wayside.api.driver.PodReality;
import dev.wayside.api.driver.SandboxRequest;
import dev.wayside.testing.ContainerDriverContract;
import dev.wayside.testing.Eventually;
import dev.wayside.testing.TestProgram;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The process driver does what every driver does, and what only host processes can show. */
final class ProcessDriverTest extends ContainerDriverContract {
    private static final String UNPRIVILEGED = "65534";
    private static final Set<String> LIMIT_FILES =
            Set.of("memory.limit_in_bytes", "memory.max", "cpu.cfs_quota_us", "cpu.max");

    @TempDir private static Path folder;
    @TempDir private Path shared;

    @Override
    protected ContainerDriver open(String gatewayUid) throws Exception {
        ProcessDriver driver =
                new ProcessDriver(folder, gatewayUid, "wayside-test", Clock.systemUTC());
        driver.start();
        return driver;
    }

    @Override
    protected void close(ContainerDriver driver) {
        ((ProcessDriver) driver).stop();
    }

    @Override
    protected String image() {
        return "wayside.dev/host:1";
    }

    @Test
    void otherImagesAreRefusedWithWhatIsSupported() {
        DriverException refused =
                failure(
                        () ->
                                driver.ensureImage(
                                        "nginx:1.25",
                                        dev.wayside.api.driver.PullPolicy.IF_NOT_PRESENT));
        assertThat(refused.reason()).isEqualTo("ErrImageNotSupported");
        assertThat(refused).hasMessageContaining("wayside.dev/host").hasMessageContaining("nginx");
    }

    @Test
    void argumentsAndEnvironmentArriveAsTheyAre() throws Exception {
        String nasty = "a\"b'c $(touch /tmp/x) `id` \\n \\0101 ; & ü€\n\ttwo  \n";
        Map<String, String> env = new LinkedHashMap<>();
        env.put("NASTY", nasty);
        env.put("EMPTY", "");
        env.put("i", "5");
        env.put("dir", "/elsewhere");
        env.put("IFS", "xyz");
        String uid = newPod();
        String script =
                "out=$CONTAINER_SANDBOX_MOUNT_POINT/out;"
                        + " printf %s \"$NASTY\" >$out/env; printf %s \"$1\" >$out/arg;"
                        + " printf %s \"$2\" >$out/second;"
                        + " tr '\\0' '\\n' </proc/$$/environ >$out/all";
        driver.startContainer(
                request(
                        uid,
                        "main",
                        0,
                        List.of("sh", "-c", script, "sh", nasty, ""),
                        env,
                        List.of(new Mount(shared, "/out", false))));
        assertThat(awaitExit(uid, "main").exitCode()).isZero();

        assertThat(shared.resolve("env")).hasContent(nasty);
        assertThat(Files.readString(shared.resolve("env"))).isEqualTo(nasty);
        assertThat(Files.readString(shared.resolve("arg"))).isEqualTo(nasty);
        assertThat(Files.readString(shared.resolve("second"))).isEmpty();
        assertThat(Files.readString(shared.resolve("all")))
                .contains("\nEMPTY=\n", "\ni=5\n", "\ndir=/elsewhere\n", "\nIFS=xyz\n", "HOME=/")
                .doesNotContain("WAYSIDE_ENV");
    }

    @Test
    void secretsAreInNoFile() throws Exception {
        String secret = "tops3cret-" + newUid();
        String uid = newPod();
        driver.startContainer(
                request(
                        uid,
                        "main",
                        0,
                        List.of("sh", "-c", "exit 0"),
                        Map.of("PASSWORD", secret),
                        List.of()));
        awaitExit(uid, "main");

        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file :
                    files.filter(each -> Files.isRegularFile(each, LinkOption.NOFOLLOW_LINKS))
                            .toList()) {
                assertThat(Files.readString(file, StandardCharsets.ISO_8859_1))
                        .as(file.toString())
                        .doesNotContain(secret);
            }
        }
    }

    @Test
    void logsAreKeptBoundedAndPrivate() throws Exception {
        String uid = newPod();
        driver.startContainer(
                request(
                        uid,
                        "main",
                        0,
                        List.of(
                                "sh",
                                "-c",
                                "head -c 40000000 /dev/zero; echo; echo last words >&2"),
                        Map.of(),
                        List.of()));
        awaitExit(uid, "main");
        Path newest = containerFolder(uid, "main", 0).resolve("log");
        // Where the file ends depends on how the pipe was read: at times just after the words.
        Path older = containerFolder(uid, "main", 0).resolve("log.1");
        Eventually.holds(
                "the logs end with the last words",
                PATIENCE,
                () -> (text(older) + text(newest)).endsWith("\nlast words\n"));

        long total = 0;
        try (Stream<Path> logs = Files.list(containerFolder(uid, "main", 0))) {
            for (Path each :
                    logs.filter(file -> file.getFileName().toString().startsWith("log")).toList()) {
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(each)))
                        .isEqualTo("rw-------");
                total += Files.size(each);
            }
        }
        assertThat(total).isBetween(8L << 20, 24L << 20);
    }

    @Test
    void aPodIsRemovedWhileItsLastWordsAreWritten() throws Exception {
        for (int round = 0; round < 20; round++) {
            String uid = newPod();
            driver.startContainer(
                    request(
                            uid,
                            "main",
                            0,
                            List.of("sh", "-c", "yes & while :; do echo x; done"),
                            Map.of(),
                            List.of()));
            Path log = containerFolder(uid, "main", 0).resolve("log");
            Eventually.holds(
                    "it talks", PATIENCE, () -> Files.exists(log) && Files.size(log) > 100_000);
            driver.removePod(uid);
            assertThat(folder.resolve(gatewayUid).resolve("pods").resolve(uid)).doesNotExist();
        }
    }

    @Test
    void stoppingReachesGrandchildrenInSessionsOfTheirOwn() throws Exception {
        String uid = newPod();
        String script =
                "cd $CONTAINER_SANDBOX_MOUNT_POINT/out; setsid sh -c 'echo $$ >pid.new; mv pid.new"
                    + " pid; exec sleep 3600' & trap 'exit 0' TERM; while :; do sleep 0.1; done";
        PodReality.Container running =
                driver.startContainer(
                        request(
                                uid,
                                "main",
                                0,
                                List.of("sh", "-c", script),
                                Map.of(),
                                List.of(new Mount(shared, "/out", false))));
        Eventually.holds(
                "the grandchild runs", PATIENCE, () -> Files.exists(shared.resolve("pid")));
        ProcessHandle grandchild =
                ProcessHandle.of(Long.parseLong(Files.readString(shared.resolve("pid")).strip()))
                        .orElseThrow();
        driver.stopContainer(uid, running.id(), Duration.ofSeconds(10));
        driver.removePod(uid);

        Eventually.holds("the grandchild is gone", PATIENCE, () -> !grandchild.isAlive());
    }

    @Test
    void limitsAreSetAndExceedingMemoryIsTold() throws Exception {
        String uid = newPod();
        ContainerRequest greedy =
                limited(
                        request(
                                uid,
                                "main",
                                0,
                                List.of(
                                        "sh",
                                        "-c",
                                        "x=$(head -c 100000000 /dev/zero | tr '\\0' a); exit 1"),
                                Map.of(),
                                List.of()),
                        500,
                        16L << 20);
        driver.startContainer(greedy);
        PodReality.Container ended = awaitExit(uid, "main");

        assertThat(ended.reason()).isEqualTo("OOMKilled");
        assertThat(ended.exitCode()).isEqualTo(137);
        assertThat(groupFiles(uid)).contains("50000", Long.toString(16L << 20));
        driver.removePod(uid);
        assertThat(groupFiles(uid)).isEmpty();
    }

    @Test
    void runsAsAnotherUser() throws Exception {
        Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxrwxrwx"));
        String uid = newPod();
        ContainerRequest plain =
                request(
                        uid,
                        "main",
                        0,
                        List.of("sh", "-c", "id -u; id -G; echo \"$WHO\"; pwd; ls ready"),
                        Map.of("WHO", "nobody's"),
                        List.of(new Mount(shared, "/ready", false)));
        Files.writeString(shared.resolve("mounted"), "");
        driver.startContainer(as(plain, UNPRIVILEGED + ":1234"));
        assertThat(awaitExit(uid, "main").exitCode()).isZero();
        assertThat(containerFolder(uid, "main", 0).resolve("log"))
                .hasContent(
                        UNPRIVILEGED
                                + "\n1234\nnobody's\n"
                                + containerFolder(uid, "main", 0).resolve("root")
                                + "\nmounted");
    }

    @Test
    void aMountCannotLeadOutOfItsFolderOrIntoAnother() throws Exception {
        String uid = newPod();
        for (List<Mount> mounts :
                List.of(
                        List.of(new Mount(shared, "/../../escape", false)),
                        List.of(new Mount(shared, "/", false)),
                        List.of(new Mount(shared, "relative", false)),
                        List.of(new Mount(shared, "/a", false), new Mount(shared, "/a/b", false)),
                        List.of(
                                new Mount(shared, "/a", false),
                                new Mount(shared, "/a/./", false)))) {
            DriverException refused =
                    failure(
                            () ->
                                    driver.startContainer(
                                            request(
                                                    uid,
                                                    "main",
                                                    0,
                                                    List.of("true"),
                                                    Map.of(),
                                                    mounts)));
            assertThat(refused.kind()).isEqualTo(DriverException.Kind.REFUSED);
            assertThat(refused).hasMessageContaining("mountPath");
        }
        assertThat(shared).isEmptyDirectory();
    }

    @Test
    void whatAHostProcessCannotHaveIsRefused() throws Exception {
        String uid = newPod();
        ContainerRequest good = request(uid, "main", 0, TestProgram.SUCCEEDS);
        assertThat(failure(() -> driver.startContainer(withTerminal(good))))
                .hasMessageContaining("terminal");
        assertThat(failure(() -> driver.startContainer(withReadOnlyRoot(good))))
                .hasMessageContaining("readOnlyRootFilesystem");
        assertThat(failure(() -> driver.startContainer(as(good, "root"))))
                .hasMessageContaining("in digits");
        assertThat(
                        failure(
                                () ->
                                        driver.startContainer(
                                                request(
                                                        uid,
                                                        "main",
                                                        0,
                                                        List.of("true"),
                                                        Map.of("a.b", "private"),
                                                        List.of()))))
                .hasMessageContaining("a.b")
                .hasMessageNotContaining("private");
        assertThat(
                        failure(
                                () ->
                                        driver.startContainer(
                                                request(
                                                        uid, "main", 0, List.of(), Map.of(),
                                                        List.of()))))
                .hasMessageContaining("needs a command");
        assertThat(
                        failure(
                                () ->
                                        driver.ensureSandbox(
                                                new SandboxRequest(
                                                        newUid(),
                                                        "default",
                                                        "web",
                                                        "",
                                                        true,
                                                        "web",
                                                        List.of(
                                                                new SandboxRequest.HostPort(
                                                                        "", 80, 8080, "TCP"))))))
                .hasMessageContaining("hostPort 80");
        assertThat(reality(uid).containers()).isEmpty();
    }

    @Test
    void aPodUidIsNoPath() throws Exception {
        assertThat(driver.pod("../../etc")).isEmpty();
        driver.removePod("..");
        driver.stopContainer("..", "process://../x/0", Duration.ZERO);
        String uid = newPod();
        driver.removeContainer(uid, "process://" + uid + "/../../0");
        assertThat(driver.pods()).hasSize(1);
    }

    private Path containerFolder(String uid, String name, int attempt) {
        return folder.resolve(gatewayUid)
                .resolve("pods")
                .resolve(uid)
                .resolve("containers")
                .resolve(name)
                .resolve(Integer.toString(attempt));
    }

    private static String text(Path file) throws IOException {
        try {
            return Files.readString(file);
        } catch (NoSuchFileException notThere) {
            return "";
        }
    }

    /** What stands in the limit files of the pod's control groups. */
    private static List<String> groupFiles(String uid) throws IOException {
        List<String> found = new ArrayList<>();
        Files.walkFileTree(
                Path.of("/sys/fs/cgroup"),
                Set.of(),
                5,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        if (file.toString().contains(uid)
                                && LIMIT_FILES.contains(file.getFileName().toString())) {
                            found.add(Files.readString(file).strip().split(" ")[0]);
                        }
                        return FileVisitResult.CONTINUE;
                    }

                    // Groups of others come and go.
                    @Override
                    public FileVisitResult visitFileFailed(Path file, IOException gone) {
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult postVisitDirectory(Path folder, IOException gone) {
                        return FileVisitResult.CONTINUE;
                    }
                });
        return found;
    }

    private static ContainerRequest limited(ContainerRequest of, long milliCpu, long memory) {
        return copy(of, milliCpu, memory, "", false, false);
    }

    private static ContainerRequest as(ContainerRequest of, String user) {
        return copy(of, 0, 0, user, false, false);
    }

    private static ContainerRequest withTerminal(ContainerRequest of) {
        return copy(of, 0, 0, "", false, true);
    }

    private static ContainerRequest withReadOnlyRoot(ContainerRequest of) {
        return copy(of, 0, 0, "", true, false);
    }

    private static ContainerRequest copy(
            ContainerRequest of,
            long milliCpu,
            long memory,
            String user,
            boolean readOnlyRoot,
            boolean tty) {
        return new ContainerRequest(
                of.podUid(),
                of.namespace(),
                of.podName(),
                of.name(),
                of.attempt(),
                of.image(),
                of.command(),
                of.args(),
                of.env(),
                of.workingDir(),
                of.mounts(),
                milliCpu,
                memory,
                0,
                user,
                false,
                readOnlyRoot,
                tty,
                false,
                of.specHash());
    }
}

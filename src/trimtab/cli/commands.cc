#include "trimtab/cli/commands.h"

#include <array>
#include <span>

namespace trimtab {

namespace {

constexpr std::array kCommands = {
    Command{.name = "graph",
            .description = "Print the operations, call graphs and own latencies found in spans",
            .examples = "trimtab graph spans.csv.gz\n"
                        "trimtab graph -o json --class-by multiplicity traces.json\n"
                        "trimtab graph --svg 1 spans.csv.gz > class.svg\n"
                        "trimtab graph --listen 127.0.0.1:4318 --for 60s\n"
                        "trimtab graph --jaeger http://127.0.0.1:16686 --service frontend",
            .declare = DeclareGraph},
    Command{
        .name = "calibrate",
        .description = "Fit a scenario's parameters to recordings, and say how far they are off",
        .examples = "trimtab calibrate spans.csv.gz --out app.yaml\n"
                    "trimtab calibrate --of load rates.txt --play 400m\n"
                    "trimtab calibrate --of interference --kind cpu machines.csv.gz --length 60m\n"
                    "trimtab calibrate --of surface surface.csv.gz\n"
                    "trimtab calibrate --of scenario hotel-reservation",
        .declare = DeclareCalibrate},
    Command{.name = "profile",
            .description = "Measure how the latency of each microservice depends on what it gets",
            .examples = "trimtab profile hotel-reservation --demo --out samples.csv\n"
                        "trimtab profile hotel-reservation --out samples.csv.gz --seed 2\n"
                        "trimtab profile my-application.yaml --samples 20000 --tree-runs 800",
            .declare = DeclareProfile},
    Command{.name = "train",
            .description = "Train the models of an application on its samples",
            .examples = "trimtab train --samples samples.csv --out profile.json\n"
                        "trimtab train --samples samples.csv.gz --simd portable --seed 3",
            .declare = DeclareTrain},
    Command{.name = "eval latency",
            .description = "Compare latency models on samples that were held out",
            .examples = "trimtab eval latency --samples samples.csv -o json\n"
                        "trimtab eval latency --samples samples.csv --model nn4 --masks\n"
                        "trimtab eval latency --samples samples.csv --cumulants",
            .declare = DeclareEvalLatency},
    Command{.name = "eval latency-distribution",
            .description = "Compare distributions of own latency, and their loads, on spans",
            .examples = "trimtab eval latency-distribution spans.csv.gz\n"
                        "trimtab eval latency-distribution traces.json --window 30s -o json",
            .declare = DeclareEvalLatencyDistribution},
    Command{
        .name = "eval end-to-end",
        .description = "Compare end-to-end predictors on held-out runs, or compositions on spans",
        .examples = "trimtab eval end-to-end --samples samples.csv\n"
                    "trimtab eval end-to-end spans.csv.gz\n"
                    "trimtab eval end-to-end traces.json --laws-by microservice -o json",
        .declare = DeclareEvalEndToEnd},
    Command{.name = "eval graph-dynamics",
            .description = "Compare predictors of graph shares on blocks that were held out",
            .examples = "trimtab eval graph-dynamics spans.csv.gz --step 30s\n"
                        "trimtab eval graph-dynamics shares.csv --window 5 -o json\n"
                        "trimtab eval graph-dynamics shares.csv --model lstm --model persistence",
            .declare = DeclareEvalGraphDynamics},
    Command{.name = "eval labels",
            .description = "Measure some of the samples again, far longer",
            .examples = "trimtab eval labels --samples samples.csv --scenario hotel-reservation",
            .declare = DeclareEvalLabels},
    Command{.name = "validate",
            .description = "Check files of scenarios and AppScalers offline",
            .examples = "trimtab validate hotel-reservation\n"
                        "trimtab validate -o json ./app.yaml",
            .declare = DeclareValidate},
    Command{.name = "plan",
            .description =
                "Compute the allocation that holds the SLA, for a scenario or a real cluster",
            .examples = "trimtab plan hotel-reservation --load 500\n"
                        "trimtab plan hotel-reservation --load 500 --interference cpu=0.4 -o json\n"
                        "trimtab plan train-ticket --policy derm --load 50\n"
                        "trimtab plan --instance problem.json -o json\n"
                        "trimtab plan hotel --on-kubernetes -n shop --profile profile.json "
                        "--prometheus-url http://127.0.0.1:9090 --listen-otlp 127.0.0.1:4318 "
                        "-o plan.json",
            .declare = DeclarePlan},
    Command{.name = "simulate",
            .description = "Run the simulated cluster under one policy, or as nodes of a real one",
            .examples =
                "trimtab simulate hotel-reservation --policy grad --out out/grad\n"
                "trimtab simulate hotel-reservation --policy hpa --hpa-target 60 -o json\n"
                "trimtab simulate my.yaml --policy static --load-file rps.txt --minutes 60\n"
                "trimtab simulate hotel-reservation --on-kubernetes --namespace hotel",
            .declare = DeclareSimulate},
    Command{.name = "export workloads",
            .description = "Print a scenario's microservices as Deployments",
            .examples = "trimtab export workloads hotel-reservation | kubectl apply -f -",
            .declare = DeclareExportWorkloads},
    Command{.name = "export appscaler",
            .description = "Print the AppScaler of a scenario's microservices",
            .examples = "trimtab export appscaler hotel-reservation | kubectl apply -f -",
            .declare = DeclareExportAppScaler},
    Command{.name = "export sizes",
            .description = "Print the sizes that an AppScaler found as a Kustomize patch",
            .examples = "trimtab export sizes hotel --namespace shop > sizes.yaml",
            .declare = DeclareExportSizes},
    Command{.name = "experiment run",
            .description = "Repeat an experiment: policies side by side, figures, goals",
            .examples = "trimtab experiment run demo\n"
                        "trimtab experiment run grad-goal --seed 1 -o json",
            .declare = DeclareExperimentRun},
    Command{.name = "experiment list",
            .description = "List the experiments",
            .examples = "trimtab experiment list",
            .declare = DeclareExperimentList},
    Command{.name = "recommend",
            .description = "Say once what the AppScalers of a cluster need, and write nothing",
            .examples = "trimtab recommend -n shop --prometheus-url http://127.0.0.1:9090 "
                        "--jaeger-url http://127.0.0.1:16686 --profile profile.json\n"
                        "trimtab recommend hotel -n shop --config controller.yaml --exit-code",
            .declare = DeclareRecommend},
    Command{.name = "apply",
            .description = "Do what a saved plan of a cluster says, unless it is stale",
            .examples = "trimtab apply plan.json\n"
                        "trimtab apply plan.json --dry-run server",
            .declare = DeclareApply},
    Command{.name = "run",
            .description = "Keep the SLA of the AppScalers of a Kubernetes cluster",
            .examples =
                "trimtab run --prometheus-url http://127.0.0.1:9090 --listen-otlp 127.0.0.1:4318 "
                "--profile profile.json --journal journal\n"
                "trimtab run --mode Apply --namespace shop --config controller.yaml\n"
                "trimtab run --config controller.yaml --print-config",
            .declare = DeclareRun},
    Command{
        .name = "explain",
        .description = "Print why a decision was made: what was seen, weighed, done and measured",
        .examples = "trimtab explain run/journal.sqlite\n"
                    "trimtab explain run/journal.sqlite --list\n"
                    "trimtab explain journal/shop/hotel.sqlite --export jsonl\n"
                    "trimtab explain run --classes\n"
                    "trimtab explain run/journal.sqlite --decision 42 -o json",
        .declare = DeclareExplain},
    Command{.name = "report",
            .description = "Make one page of figures from runs",
            .examples = "trimtab report out/demo/grad-corrected out/demo/static --out out/report",
            .declare = DeclareReport},
    Command{.name = "doctor",
            .description = "Check what of a real cluster can be reached, read and scaled",
            .examples = "trimtab doctor\n"
                        "trimtab doctor --namespace shop --prometheus-url http://127.0.0.1:9090\n"
                        "trimtab doctor --no-cluster --jaeger-url http://127.0.0.1:16686 "
                        "--service frontend -o json",
            .declare = DeclareDoctor},
    Command{.name = "version",
            .description = "Print the version, the commit, the build type and the SIMD targets",
            .examples = "trimtab version\n"
                        "trimtab version -o json",
            .declare = DeclareVersion},
};

}  // namespace

std::span<const Command> Commands() { return kCommands; }

}  // namespace trimtab

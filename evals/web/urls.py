"""Every page's address."""

from django.urls import URLPattern, path

from evals.web.views import (
    account,
    bars,
    candidates,
    compare,
    connectiontests,
    control,
    endpoints,
    evalsets,
    evaluations,
    extensions,
    health,
    humanscores,
    newevaluations,
    newtasks,
    portfolio,
    samples,
    savedviews,
    tasks,
    workers,
)

app_name = "evals"
urlpatterns: list[URLPattern] = [
    path("", portfolio.portfolio, name="portfolio"),
    path("account/", account.account, name="account"),
    path("candidates/", candidates.candidates, name="candidates"),
    path("candidates/<int:candidate_id>/", candidates.candidate, name="candidate"),
    path(
        "candidates/<int:candidate_id>/archive/",
        candidates.candidate_archive,
        name="candidate_archive",
    ),
    path("candidates/<int:candidate_id>/edit/", candidates.candidate_edit, name="candidate_edit"),
    path(
        "candidates/<int:candidate_id>/restore/",
        candidates.candidate_restore,
        name="candidate_restore",
    ),
    path(
        "candidates/<int:candidate_id>/test/",
        connectiontests.candidate_test,
        name="candidate_test",
    ),
    path("compare/", compare.compare, name="compare"),
    path("compare/samples.csv", compare.compare_csv, name="compare_csv"),
    path("compare/samples.jsonl", compare.compare_jsonl, name="compare_jsonl"),
    path(
        "connection-tests/<int:test_id>/", connectiontests.connection_test, name="connection_test"
    ),
    path(
        "connection-tests/<int:test_id>/result/",
        connectiontests.connection_test_result,
        name="connection_test_result",
    ),
    path("endpoints/", endpoints.endpoints, name="endpoints"),
    path("endpoints/<int:endpoint_id>/", endpoints.endpoint, name="endpoint"),
    path("endpoints/<int:endpoint_id>/key/", endpoints.endpoint_key, name="endpoint_key"),
    path("endpoints/<int:endpoint_id>/limits/", endpoints.endpoint_limits, name="endpoint_limits"),
    path("evaluations/", evaluations.evaluations, name="evaluations"),
    path("evaluations/<int:evaluation_id>/", evaluations.evaluation, name="evaluation"),
    path("evaluations/<int:evaluation_id>/cancel/", control.cancel, name="evaluation_cancel"),
    path("evaluations/<int:evaluation_id>/more/", extensions.more, name="evaluation_more"),
    path("evaluations/<int:evaluation_id>/pause/", control.pause, name="evaluation_pause"),
    path(
        "evaluations/<int:evaluation_id>/progress/",
        evaluations.progress,
        name="evaluation_progress",
    ),
    path(
        "evaluations/<int:evaluation_id>/result.json", evaluations.result, name="evaluation_result"
    ),
    path("evaluations/<int:evaluation_id>/resume/", control.resume, name="evaluation_resume"),
    path("evaluations/<int:evaluation_id>/retry/", control.retry, name="evaluation_retry"),
    path(
        "evaluations/<int:evaluation_id>/samples.jsonl",
        evaluations.samples,
        name="evaluation_samples",
    ),
    path("evaluations/<int:evaluation_id>/stop/", control.stop, name="evaluation_stop"),
    path("first-admin/<str:token>/", account.first_admin, name="first_admin"),
    path("healthz", health.healthz, name="healthz"),
    path("runs/<int:run_id>/", samples.run, name="run"),
    path("runs/<int:run_id>/pause/", control.run_pause, name="run_pause"),
    path("runs/<int:run_id>/resume/", control.run_resume, name="run_resume"),
    path("runs/<int:run_id>/trials.csv", samples.trials_csv, name="run_csv"),
    path("runs/<int:run_id>/trials.jsonl", samples.trials_jsonl, name="run_jsonl"),
    path("runs/<int:run_id>/trials/<int:trial_id>/", samples.trial, name="trial"),
    path(
        "runs/<int:run_id>/trials/<int:trial_id>/human-scores/",
        humanscores.save,
        name="human_score",
    ),
    path(
        "runs/<int:run_id>/trials/<int:trial_id>/human-scores/<int:score_id>/restore/",
        humanscores.restore,
        name="human_score_restore",
    ),
    path(
        "runs/<int:run_id>/trials/<int:trial_id>/human-scores/<int:score_id>/withdraw/",
        humanscores.withdraw,
        name="human_score_withdraw",
    ),
    path("saved-views/", savedviews.save, name="view_save"),
    path("saved-views/<int:view_id>/delete/", savedviews.delete, name="view_delete"),
    path("sign-in/", account.sign_in, name="sign_in"),
    path("sign-out/", account.sign_out, name="sign_out"),
    path("tasks/", tasks.tasks, name="tasks"),
    path("tasks/<int:task_id>/", tasks.task, name="task"),
    path("tasks/<int:task_id>/bar/", bars.bar_edit, name="bar_edit"),
    path("tasks/<int:task_id>/candidates/new/", candidates.candidate_new, name="candidate_new"),
    path("tasks/<int:task_id>/edit/", newtasks.task_edit, name="task_edit"),
    path("tasks/<int:task_id>/eval-set/", evalsets.upload, name="upload"),
    path("tasks/<int:task_id>/eval-set/<uuid:upload_id>/", evalsets.upload_map, name="upload_map"),
    path(
        "tasks/<int:task_id>/eval-set/<uuid:upload_id>/rejected.csv",
        evalsets.upload_rejected,
        name="upload_rejected",
    ),
    path(
        "tasks/<int:task_id>/evaluations/new/", newevaluations.evaluation_new, name="evaluation_new"
    ),
    path(
        "tasks/<int:task_id>/evaluations/new/plan/",
        newevaluations.evaluation_plan,
        name="evaluation_plan",
    ),
    path("tasks/new/", newtasks.task_new, name="task_new"),
    path("team/switch/", account.team_switch, name="team_switch"),
    path("versions/<int:version_id>/", evalsets.version, name="version"),
    path("workers/", workers.workers, name="workers"),
    path("workers/now/", workers.workers_now, name="workers_now"),
]
